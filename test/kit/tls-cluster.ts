import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../src/clock.ts";
import { connect, type ConnectOptions } from "../../src/redis/client.ts";
import { freePorts } from "./live-cluster.ts";

export const NAME = "tlsmaster";
export const USER = { username: "app", password: "app-secret" };
const NODES = 3;
const SENTINELS = 3;

/** Certificates need a tool that issues them: Node.js has none. */
export function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * A master, two replicas and three Sentinels that speak TLS only, with the default user off: as servers that somebody
 * else runs. Started from plain configuration files.
 */
export class TlsCluster {
  private readonly children = new Map<number, ChildProcess>();

  private constructor(
    readonly dir: string,
    readonly ports: number[],
    readonly sentinelPorts: number[],
  ) {}

  static async start(): Promise<TlsCluster> {
    const dir = mkdtempSync(join(tmpdir(), "vedette-tls-"));
    const base = await freePorts(NODES + SENTINELS);
    const ports = Array.from({ length: NODES }, (_, i) => base + i);
    const sentinels = Array.from({ length: SENTINELS }, (_, i) => base + NODES + i);
    const cluster = new TlsCluster(dir, ports, sentinels);
    cluster.issue();
    for (const port of ports) cluster.spawn(port, cluster.nodeConf(port), []);
    for (const port of sentinels) cluster.spawn(port, cluster.sentinelConf(port), ["--sentinel"]);
    await cluster.whole();
    return cluster;
  }

  get tls() {
    return { ca: readFileSync(join(this.dir, "ca.crt")) };
  }

  kill(port: number): void {
    this.children.get(port)?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    const running = [...this.children.values()].filter(
      (child) => child.exitCode === null && child.signalCode === null,
    );
    await Promise.all(running.map((child) => (child.kill("SIGKILL"), once(child, "exit"))));
    rmSync(this.dir, { recursive: true, force: true });
  }

  async call(port: number, command: string, ...args: string[]): Promise<unknown> {
    const options: ConnectOptions = { host: "127.0.0.1", port, tls: this.tls, ...USER, deadlineMs: 1_000 };
    const redis = await connect(options);
    try {
      return await redis.call(command, ...args);
    } finally {
      redis.close();
    }
  }

  /** Waits until every Sentinel knows both replicas and both other Sentinels. */
  private async whole(): Promise<void> {
    const known = async (port: number) => {
      const reply = await this.call(port, "SENTINEL", "MASTER", NAME).catch(() => []);
      const text = (reply as string[]).join(" ");
      return (
        text.includes(`num-slaves ${NODES - 1}`) && text.includes(`num-other-sentinels ${SENTINELS - 1}`)
      );
    };
    const all = async () => (await Promise.all(this.sentinelPorts.map(known))).every(Boolean);
    if ((await until(all, { deadlineMs: 30_000, everyMs: 100 })) === null)
      throw new Error("the TLS cluster is not whole");
  }

  private issue(): void {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: this.dir, stdio: "ignore" });
    const fresh = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "1",
    ];
    openssl(...fresh, "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt");
    const names = ["-addext", "subjectAltName=IP:127.0.0.1", "-CA", "ca.crt", "-CAkey", "ca.key"];
    openssl(...fresh, "-subj", "/CN=redis", ...names, "-keyout", "node.key", "-out", "node.crt");
  }

  private common(port: number): string[] {
    return [
      "bind 127.0.0.1",
      "port 0",
      `tls-port ${port}`,
      "tls-replication yes",
      "tls-auth-clients no",
      `tls-cert-file ${join(this.dir, "node.crt")}`,
      `tls-key-file ${join(this.dir, "node.key")}`,
      `tls-ca-cert-file ${join(this.dir, "ca.crt")}`,
      `dir ${this.dir}`,
      `logfile ${join(this.dir, `${port}.log`)}`,
      "user default off",
      `user ${USER.username} on >${USER.password} ~* &* +@all`,
    ];
  }

  private nodeConf(port: number): string[] {
    const [master] = this.ports;
    return [
      ...this.common(port),
      'save ""',
      `dbfilename ${port}.rdb`,
      `masteruser ${USER.username}`,
      `masterauth ${USER.password}`,
      ...(port === master ? [] : [`replicaof 127.0.0.1 ${master}`]),
    ];
  }

  private sentinelConf(port: number): string[] {
    return [
      ...this.common(port),
      `sentinel sentinel-user ${USER.username}`,
      `sentinel sentinel-pass ${USER.password}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${this.ports[0]} 2`,
      `sentinel auth-user ${NAME} ${USER.username}`,
      `sentinel auth-pass ${NAME} ${USER.password}`,
      `sentinel down-after-milliseconds ${NAME} 1500`,
      `sentinel failover-timeout ${NAME} 5000`,
    ];
  }

  private spawn(port: number, conf: string[], args: string[]): void {
    const file = join(this.dir, `${port}.conf`);
    writeFileSync(file, `${conf.join("\n")}\n`);
    this.children.set(port, spawn("redis-server", [file, ...args], { cwd: this.dir, stdio: "ignore" }));
  }
}
