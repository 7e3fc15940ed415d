import { once } from "node:events";
import { mkdtempSync, symlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { explain, VedetteError } from "../../errors.ts";
import { Engine, EngineError } from "./engine.ts";

let server: Server | null = null;
afterEach(() => void server?.close());

/** An engine that answers /version with these, and everything else with `status` and `body`. */
async function fake(
  version: object,
  status = 200,
  body = "{}",
): Promise<{ engine: Engine; asked: string[] }> {
  const socket = join(mkdtempSync(join(tmpdir(), "vedette-engine-")), "sock");
  const asked: string[] = [];
  server = createServer((sent: IncomingMessage, answer) => {
    asked.push(`${sent.method} ${sent.url}`);
    if (sent.url === "/version") return answer.end(JSON.stringify(version));
    answer.statusCode = status;
    return answer.end(body);
  });
  server.listen(socket);
  await once(server, "listening");
  return { engine: new Engine(socket), asked };
}

const ask = { doing: "trying" };

describe("an engine", () => {
  it.each([
    [{ ApiVersion: "1.41", MinAPIVersion: "1.12" }, "1.41"],
    [{ ApiVersion: "1.45", MinAPIVersion: "1.24" }, "1.45"],
    [{ ApiVersion: "1.60", MinAPIVersion: "1.44" }, "1.47"], // newer than what we know
    [{ ApiVersion: "1.70", MinAPIVersion: "1.50" }, "1.50"], // has dropped what we know
  ])("that speaks %o is spoken to in %s", async (version, used) => {
    const { engine, asked } = await fake(version);
    await engine.json("GET", "/info", ask);
    await engine.json("POST", "/containers/create", { ...ask, query: { name: "a b" }, body: {} });
    expect(asked).toEqual([
      "GET /version",
      `GET /v${used}/info`,
      `POST /v${used}/containers/create?name=a+b`,
    ]);
  });

  it("that is too old is refused with its version", async () => {
    const { engine } = await fake({ Version: "19.03.5", ApiVersion: "1.40" });
    await expect(engine.json("GET", "/info", ask)).rejects.toThrow(
      /engine 19\.03\.5 speaks API 1\.40, and 1\.41 is needed/,
    );
  });

  it.each([
    [404, '{"message":"No such container: x"}', "trying: No such container: x"],
    [500, "something else", "trying: something else"],
    [502, '{"message":7}', 'trying: {"message":7}'],
  ])("that answers %i says why", async (status, body, message) => {
    const { engine } = await fake({ ApiVersion: "1.41" }, status, body);
    const error: unknown = await engine.json("GET", "/containers/x/json", ask).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ status, message });
  });

  it("that is not there is told of with what to do", async () => {
    const error: unknown = await new Engine("/nowhere/sock")
      .json("GET", "/info", ask)
      .catch((each: unknown) => each);
    expect(error).toBeInstanceOf(VedetteError);
    expect(explain(error)).toMatch(/no Docker engine answers at \/nowhere\/sock/);
    expect((error as VedetteError).next).toMatch(/--runtime local/);
  });

  it("that does not answer is not waited for longer than the deadline", async () => {
    const socket = join(mkdtempSync(join(tmpdir(), "vedette-engine-")), "sock");
    server = createServer(() => {});
    server.listen(socket);
    await once(server, "listening");
    const asked = new Engine(socket).json("GET", "/info", { ...ask, deadlineMs: 50 });
    const error: unknown = await asked.catch((each: unknown) => each);
    expect(explain(error)).toMatch(/it does not answer/);
    server.closeAllConnections();
  });

  it("that was down when it was first asked is asked again", async () => {
    const { engine } = await fake({ ApiVersion: "1.41" });
    const later = new Engine(`${engine.socket}.later`);
    await expect(later.json("GET", "/info", ask)).rejects.toThrow(/no Docker engine answers/);
    symlinkSync(engine.socket, later.socket);
    expect(await later.json("GET", "/info", ask)).toEqual({});
  });
});
