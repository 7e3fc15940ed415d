import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import { UsageError } from "../../errors.ts";
import { readPassword } from "./password.ts";

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "vedette-password-")), "password");
});

function read(passwordFile: string | null): string | null {
  return readPassword({ ...seedCluster().topology, security: { passwordFile } });
}

describe("the password", () => {
  it("is none without a file", () => expect(read(null)).toBeNull());

  it.each([
    ["secret\n", "secret"],
    ["secret\r\n", "secret"],
    ["c3Vy/ZQ+=#$", "c3Vy/ZQ+=#$"],
  ])("is the one line of %j", (text, password) => {
    writeFileSync(file, text, { mode: 0o600 });
    expect(read(file)).toBe(password);
  });

  it.each([["\n"], [""], ["one\ntwo\n"], ["nul\0\n"]])("is not %j", (text) => {
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => read(file)).toThrow(/one line, the password/);
  });

  it.each(["two words", 'a"quote', "it's", "back\\slash", "end "])(
    "is not %j, which Sentinel cannot keep",
    (text) => {
      writeFileSync(file, text, { mode: 0o600 });
      expect(() => read(file)).toThrow(/which Sentinel cannot keep/);
    },
  );

  it("is refused from a file that others may read, that is missing or is a directory", () => {
    writeFileSync(file, "secret\n", { mode: 0o640 });
    expect(() => read(file)).toThrow(/others than its owner may read it/);
    expect(() => read(`${file}.none`)).toThrow(/no such file/);
    const directory = mkdtempSync(join(tmpdir(), "vedette-password-"));
    expect(() => read(directory)).toThrow(UsageError);
  });
});
