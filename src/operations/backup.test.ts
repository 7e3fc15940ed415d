import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../test/kit/cluster.ts";
import { assertDiskSpace, makeTemporary, publish, removeTemporaries, sizeAndSum } from "./backup-files.ts";
import { backupId, parseCheck, type BackupManifest } from "./backup-manifest.ts";
import { chooseSource } from "./backup.ts";

describe("the source", () => {
  it("is the linked replica that is least behind", () => {
    const built = cluster()
      .master("redis-master")
      .replica("redis-slave-1", { lagBytes: 50 })
      .replica("redis-slave-2", { lagBytes: 7 })
      .replica("redis-slave-3", { lagBytes: 0, link: "down" })
      .replica("redis-slave-4", { lagBytes: null })
      .sentinels(3);
    expect(chooseSource(built.snapshot)).toMatchObject({
      node: "redis-slave-2",
      role: "replica",
      lagBytes: 7,
    });
  });

  it("is a replica of unknown lag rather than the master", () => {
    const built = cluster().master("redis-master").replica("redis-slave-1", { lagBytes: null }).sentinels(3);
    expect(chooseSource(built.snapshot)?.node).toBe("redis-slave-1");
  });

  it("is the master only without a linked replica, and says why", () => {
    const built = cluster().master("redis-master").replica("redis-slave-1", { link: "sync" }).sentinels(3);
    expect(chooseSource(built.snapshot)).toMatchObject({
      node: "redis-master",
      role: "master",
      why: "the master, since no replica has a link to it",
    });
  });

  it("is nobody when there is neither", () => {
    const built = cluster().master("redis-master", nothingSeen("down")).down("redis-slave-1").sentinels(3);
    expect(chooseSource(built.snapshot)).toBeNull();
    expect(chooseSource(seedCluster().names(null).down("x").snapshot)?.role).toBe("replica");
  });
});

describe("redis-check-rdb", () => {
  const well = [
    "[offset 27] AUX FIELD redis-ver = '7.0.15'",
    "[offset 136] AUX FIELD repl-id = '45b7fe'",
    "[offset 152] AUX FIELD repl-offset = '452'",
    "[offset 185] Checksum OK",
    "[offset 185] \\o/ RDB looks OK! \\o/",
    "[info] 12 keys read",
    "[info] 3 expires",
    "[info] 1 already expired",
  ].join("\n");

  it("tells what the file holds", () => {
    expect(parseCheck(well)).toEqual({
      keys: 12,
      expires: 3,
      redisVersion: "7.0.15",
      replId: "45b7fe",
      offset: 452,
    });
  });

  it("is believed only when it says that all is well", () => {
    expect(parseCheck(well.replace("RDB looks OK!", ""))).toBeNull();
    expect(parseCheck("[offset 0] Checking RDB file x\n--- RDB ERROR DETECTED ---")).toBeNull();
  });
});

describe("files", () => {
  let dir = "";
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "vedette-backup-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const time = new Date(2026, 0, 2, 3, 4, 5).getTime();
  const manifest = (id: string): BackupManifest => ({ id }) as BackupManifest;
  const temporary = async (content: string) => {
    const path = await makeTemporary(dir, "mymaster", `${Math.random()}`);
    writeFileSync(path, content);
    return path;
  };

  it("are named after the local time, twice in a second as well", async () => {
    expect(backupId(time, 1)).toBe("dump-20260102-030405");
    for (const content of ["one", "two", "three"])
      await publish(dir, await temporary(content), time, manifest);
    expect(readdirSync(dir).sort()).toEqual(
      ["dump-20260102-030405", "dump-20260102-030405-2", "dump-20260102-030405-3"]
        .flatMap((id) => [`${id}.json`, `${id}.rdb`])
        .sort(),
    );
    expect(readFileSync(join(dir, "dump-20260102-030405.rdb"), "utf8")).toBe("one");
    expect(JSON.parse(readFileSync(join(dir, "dump-20260102-030405-3.json"), "utf8"))).toEqual({
      id: "dump-20260102-030405-3",
    });
  });

  it("are readable by their owner only", async () => {
    await publish(dir, await temporary("x"), time, manifest);
    const modes = readdirSync(dir).map((name) => statSync(join(dir, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  it("do not pair with what another backup has left", async () => {
    writeFileSync(join(dir, "dump-20260102-030405.json"), "{}");
    expect((await publish(dir, await temporary("x"), time, manifest)).id).toBe("dump-20260102-030405-2");
  });

  it("leave no RDB without a manifest", async () => {
    const failing = (): BackupManifest => {
      const value: Record<string, unknown> = {};
      value["self"] = value; // cannot be written as JSON
      return value as unknown as BackupManifest;
    };
    await expect(publish(dir, await temporary("x"), time, failing)).rejects.toThrow();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("of killed backups are removed, of this cluster only", async () => {
    await makeTemporary(dir, "mymaster", "1");
    await makeTemporary(dir, "mymaster2", "2");
    writeFileSync(join(dir, "dump-20260102-030405.rdb"), "x");
    await removeTemporaries(dir, "mymaster");
    expect(readdirSync(dir).sort()).toEqual([".tmp-mymaster2~2.rdb", "dump-20260102-030405.rdb"]);
  });

  it("are summed up", async () => {
    const path = await temporary("hello");
    utimesSync(path, 0, 0);
    expect(await sizeAndSum(path)).toEqual({
      bytes: 5,
      sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    });
  });

  it("need room on the disk", async () => {
    await assertDiskSpace(dir, 1, "backing up");
    await expect(assertDiskSpace(dir, 1e18, "backing up")).rejects.toThrow(/MiB free/);
  });
});
