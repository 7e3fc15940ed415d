import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import type { RedisNode } from "../../topology/model.ts";
import { portOwner, takenPorts } from "./ports.ts";

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** A port that somebody has. */
async function taken(host = "127.0.0.1"): Promise<number> {
  const server = createServer().listen({ host, port: 0 });
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A port that nobody has. */
async function free(): Promise<number> {
  const port = await taken();
  const server = servers.pop();
  server?.close();
  if (server) await once(server, "close");
  return port;
}

function node(port: number, ...bind: string[]): RedisNode {
  const [first] = seedCluster().topology.redis.nodes;
  return { ...first, port, bind };
}

describe("taken ports", () => {
  it("are found with their owner", async () => {
    const port = await taken();
    const [found, ...others] = await takenPorts([node(port, "127.0.0.1"), node(await free(), "127.0.0.1")]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ host: "127.0.0.1", error: expect.stringContaining("EADDRINUSE") });
    expect(found?.owner).toContain(`(pid ${process.pid})`);
  });

  it("are found whatever address they are taken on", async () => {
    const port = await taken();
    expect(await takenPorts([node(port, "*")])).toMatchObject([{ host: "0.0.0.0" }]);
    expect(await takenPorts([node(port, "-127.0.0.1")])).toHaveLength(1);
  });

  it("are not made by a node's own addresses: `* -::*` is what Redis binds by default", async () => {
    expect(await takenPorts([node(await free(), "*", "-::*")])).toEqual([]);
    expect(await takenPorts([node(await free(), "127.0.0.1", "-::1")])).toEqual([]);
  });

  it("do not count an address that need not exist, and do count one that must", async () => {
    const port = await free();
    expect(await takenPorts([node(port, "-192.0.2.7")])).toEqual([]);
    expect(await takenPorts([node(port, "192.0.2.7")])).toMatchObject([
      { owner: null, error: expect.stringContaining("EADDRNOTAVAIL") },
    ]);
  });

  it("that were free are free again for who asked", async () => {
    const port = await free();
    await takenPorts([node(port, "127.0.0.1")]);
    const server = createServer().listen({ host: "127.0.0.1", port });
    servers.push(server);
    await once(server, "listening");
  });

  it("have no owner when nobody listens", async () => {
    expect(portOwner(await free())).toBeNull();
  });
});
