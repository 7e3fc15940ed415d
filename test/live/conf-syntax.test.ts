import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { formatLine } from "../../src/render/conf-syntax.ts";
import { renderRedisConf } from "../../src/render/redis-conf.ts";
import { renderSentinelConf } from "../../src/render/sentinel-conf.ts";
import { parseTopology } from "../../src/topology/load.ts";

/** What we write is what a real redis-server reads. Ports 17100-17149. */

const dir = mkdtempSync(path.join(tmpdir(), "conf-syntax-"));
const running: ChildProcess[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await ended;
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
});

/** Starts redis-server with this configuration; its output is in `log`. */
function start(conf: string, name: string, ...options: string[]) {
  const file = path.join(dir, `${name}.conf`);
  writeFileSync(file, conf);
  const child = spawn("redis-server", [file, ...options], { cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  const output = { log: "", child };
  child.stdout.on("data", (data: Buffer) => (output.log += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output.log += data.toString()));
  return output;
}

/** Waits for `text` in the log; fails with the log when the process ends first. */
async function logged(server: ReturnType<typeof start>, text: string): Promise<void> {
  const seen = await until(async () => server.log.includes(text) || server.child.exitCode !== null, {
    deadlineMs: 20_000,
    everyMs: 20,
  });
  expect(seen && server.log.includes(text), server.log).toBe(true);
}

/** Replies to inline commands, raw, read until they are `bytes` long. */
async function ask(socketPath: string, command: string, bytes: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = createConnection(socketPath, () => socket.write(`${command}\r\n`));
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no reply to ${command}`)));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      const reply = Buffer.concat(chunks);
      if (reply.length < bytes) return;
      socket.destroy();
      resolve(reply);
    });
  });
}

describe("redis-server", () => {
  it("reads back every value as it was meant", { timeout: 60_000 }, async () => {
    const strange = [
      "plain",
      "two words",
      'say "hi"',
      "it's",
      "back\\slash",
      "#x # y",
      "tab\tnl\ncr\r",
      "é😀\u0085\u00a0",
    ];
    const sampled = fc.sample(
      fc
        .array(fc.constantFrom(...Array.from(" \t\n\r\u0001\u007f\"'\\#xna0é")), {
          minLength: 1,
          maxLength: 12,
        })
        .map((c) => c.join("")),
      { numRuns: 12, seed: 7 },
    );
    for (const [index, value] of [...strange, ...sampled].entries()) {
      const socket = path.join(dir, `s${index}`);
      const lines = [
        { name: "port", args: ["0"] },
        { name: "unixsocket", args: [socket] },
        { name: "save", args: [""] },
        { name: "syslog-ident", args: [value] },
      ];
      const server = start(lines.map(formatLine).join("\n"), `s${index}`);
      await logged(server, "now ready to accept connections");
      const expected = Buffer.from(
        `*2\r\n$12\r\nsyslog-ident\r\n$${Buffer.byteLength(value)}\r\n${value}\r\n`,
      );
      expect((await ask(socket, "CONFIG GET syslog-ident", expected.length)).toString()).toBe(
        expected.toString(),
      );
      server.child.kill("SIGKILL");
    }
  });

  it("starts with the rendered files, plain and with everything in them", { timeout: 60_000 }, async () => {
    const full = `
name: full.one
size: large
profile: [store, write-heavy, read-heavy]
bind: 127.0.0.1
announce: 127.0.0.1
redis:
  replicas: 1
  port: 17100
  config:
    save: [900 1, 60 1000]
    user: app on nopass ~* +@read
    rename-command: 'KEYS ""'
    proc-title-template: "{title} # {listen-addr}"
    shutdown-on-sigterm: save now
    oom-score-adj-values: [0, 100, 200]
    latency-tracking-info-percentiles: [50, 99.9]
    maxmemory-clients: 5%
    hz: 20
    activedefrag: false
sentinel:
  count: 1
  port: 17110
  config: { master-reboot-down-after-period: 0, maxclients: 500, announce-hostnames: no }
`;
    const plain = "redis: { replicas: 1, port: 17120 }\nsentinel: { port: 17130 }\n";
    for (const text of [full, plain]) {
      const { topology } = parseTopology(text, path.join(dir, "vedette.yaml"), "vedette.yaml");
      for (const node of topology.redis.nodes) {
        mkdirSync(node.dataDir, { recursive: true });
        const server = start(renderRedisConf(topology, node), `${topology.name}-${node.id}`);
        await logged(
          server,
          node.id === "redis-master" ? "Ready to accept connections" : "Finished with success",
        );
      }
      const [sentinel] = topology.sentinel.nodes;
      mkdirSync(path.join(topology.stateDir, "sentinel", sentinel.id), { recursive: true });
      const conf = renderSentinelConf(topology, sentinel, { paths: "absolute" });
      const server = start(conf, `${topology.name}-sentinel`, "--sentinel");
      await logged(server, `+monitor master ${topology.name} 127.0.0.1`);
    }
  });

  it("would be refused with a comment after a value, which is why the loader refuses it", async () => {
    const server = start("port 0\nappendfsync no  # max\n", "comment");
    await logged(server, "wrong number of arguments");
  });
});
