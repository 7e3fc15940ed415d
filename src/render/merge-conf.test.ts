import { describe, expect, it } from "vitest";
import { applyChanges, confChanges } from "./merge-conf.ts";

const installed =
  "# header\nport 6380\nmaxmemory 256mb\nsave 3600 1\nsave 300 100\nreplicaof 127.0.0.1 6379\n";

describe("confChanges", () => {
  it("names what was added, changed and removed, and nothing else", () => {
    const next = "# other header\nport 6380\nmaxmemory 1gb\nappendfsync always\nreplicaof 127.0.0.1 6379\n";
    expect(confChanges(installed, next)).toEqual([
      { name: "maxmemory", from: ["maxmemory 256mb"], to: ["maxmemory 1gb"] },
      { name: "save", from: ["save 3600 1", "save 300 100"], to: [] },
      { name: "appendfsync", from: [], to: ["appendfsync always"] },
    ]);
  });

  it("never carries over whom a node followed at first", () => {
    expect(confChanges(installed, installed.replace("6379", "7777"))).toEqual([]);
    expect(confChanges("sentinel monitor m 127.0.0.1 1 2\n", "sentinel monitor m 127.0.0.1 2 2\n")).toEqual(
      [],
    );
  });
});

describe("applyChanges", () => {
  it("keeps what Redis rewrote and replaces only what changed", () => {
    const live =
      "port 6380\nmaxmemory 256mb\nsave 3600 1\nsave 300 100\nreplicaof 127.0.0.1 6381\nuser default on\n\n";
    const changes = confChanges(installed, installed.replace("256mb", "1gb"));
    expect(applyChanges(live, changes)).toBe(
      "port 6380\nsave 3600 1\nsave 300 100\nreplicaof 127.0.0.1 6381\nuser default on\nmaxmemory 1gb\n",
    );
  });

  it("tells apart the subcommands of sentinel", () => {
    const before = "sentinel down-after-milliseconds m 5000\nsentinel parallel-syncs m 1\n";
    const live = "sentinel monitor m 127.0.0.1 6381 2\nsentinel config-epoch m 3\n" + before;
    const merged = applyChanges(live, confChanges(before, before.replace("5000", "8000")));
    expect(merged).toContain("sentinel monitor m 127.0.0.1 6381 2\nsentinel config-epoch m 3\n");
    expect(merged).toContain("sentinel down-after-milliseconds m 8000");
    expect(merged).not.toContain("5000");
  });

  it("drops the hashed old password of a user line when the password changes, and no other user", () => {
    const live = 'requirepass old\nUSER "default" on #0123 ~*\nuser app on #4567\n';
    const merged = applyChanges(live, confChanges("requirepass old\n", "requirepass new\n"));
    expect(merged).toBe("user app on #4567\nrequirepass new\n");
    const untouched = applyChanges(live, confChanges("maxmemory 1\n", "maxmemory 2\n"));
    expect(untouched).toContain("#0123");
  });

  it("leaves a default user of the topology's own in charge", () => {
    const own = "user default on ~app:* +@read >x\n";
    const changes = confChanges(`requirepass old\n${own}`, `requirepass new\n${own}`);
    expect(applyChanges(`requirepass old\n${own}`, changes)).toContain("user default on ~app:*");
  });

  it("changes one user and leaves those that were made while it ran", () => {
    const changes = confChanges("user app on +get >x\n", "user app on +set >x\n");
    const merged = applyChanges("user app on +get #1\nuser other on +get\n", changes);
    expect(merged).toBe("user other on +get\nuser app on +set >x\n");
  });

  it("changes the quorum and leaves the master to Sentinel", () => {
    const before = "sentinel monitor m 127.0.0.1 1 2\n";
    const changes = confChanges(before, "sentinel monitor m 127.0.0.1 1 3\n");
    expect(changes).toEqual([
      { name: "sentinel quorum", from: ["sentinel quorum m 2"], to: ["sentinel quorum m 3"] },
    ]);
    expect(applyChanges("sentinel monitor m 10.0.0.12 6382 2\nport 1\n", changes)).toBe(
      "sentinel monitor m 10.0.0.12 6382 3\nport 1\n",
    );
    expect(applyChanges('sentinel monitor "m" "::1" 6382 2\n', changes)).toContain('"::1" 6382 3\n');
  });
});
