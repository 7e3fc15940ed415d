import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { claimPorts } from "./free-ports.ts";

describe("claimed ports", () => {
  it("are never given to two, also before anybody listens on them", async () => {
    const blocks = await Promise.all(Array.from({ length: 40 }, () => claimPorts(15, 1)));
    const ports = blocks.flatMap(({ first }) => Array.from({ length: 15 }, (_, i) => first + i));
    for (const block of blocks) block.release();
    expect(new Set(ports).size).toBe(40 * 15);
  });

  it("can be listened on and are below those of outgoing connections", async () => {
    const block = await claimPorts(3, 1);
    const server = createServer().listen({ host: "127.0.0.1", port: block.first + 2 });
    await once(server, "listening");
    server.close();
    block.release();
    expect(block.first).toBeGreaterThanOrEqual(20_000);
    expect(block.first + 2).toBeLessThan(32_000);
  });

  it("says so when there are none", async () => {
    await expect(claimPorts(12_001, 1)).rejects.toThrow("looking for 12001 consecutive free ports");
  });
});
