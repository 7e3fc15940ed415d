import { readFileSync } from "node:fs";
import { Ajv, type AnySchemaObject } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadTopology, parseTopology } from "../topology/load.ts";
import type { Topology } from "../topology/model.ts";
import { renderCompose, renderComposeOverride } from "./compose.ts";
import { renderDockerBundle } from "./docker-bundle.ts";

interface Service {
  image: string;
  environment: Record<string, string>;
  ports?: string[];
  networks?: Record<string, { ipv4_address: string }>;
  network_mode?: string;
  volumes: string[];
  healthcheck: { test: string[] };
  mem_limit?: string;
  cpus?: number;
  secrets?: string[];
  depends_on?: unknown;
  restart: string;
  stop_grace_period: string;
}

interface ComposeFile {
  services: Record<string, Service>;
  networks?: Record<string, unknown>;
  volumes: Record<string, { name: string }>;
  secrets?: Record<string, { file: string }>;
}

const topologyOf = (text: string) =>
  parseTopology(`runtime: docker\n${text}`, "/x/vedette.yaml", "vedette.yaml").topology;
/** As docker-compose 1.29 reads it. */
const read = (text: string) => parse(text, { version: "1.1", merge: true }) as ComposeFile;
const rendered = (text = "", secret: string | null = null) => read(renderCompose(topologyOf(text), secret));
/** All services but the steward, which is not of the cluster itself. */
const nodesOf = ({ services }: ComposeFile) =>
  Object.fromEntries(Object.entries(services).filter(([name]) => name !== "steward"));
const service = (file: ComposeFile, name: string): Service => {
  const found = file.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
};

const ajv = new Ajv({ strict: false, validateFormats: false });
// The schema that Compose itself checks files with, as the package dclint carries it; its dialect is Ajv's default.
const schema = JSON.parse(
  readFileSync("node_modules/dclint/schemas/compose.schema.json", "utf8"),
) as AnySchemaObject;
delete schema["$schema"];
const isCompose = ajv.compile<ComposeFile>(schema);

describe("the Compose file of the defaults", () => {
  it("stands in the repository, with all that it mounts", async () => {
    const { topology } = loadTopology(null, process.cwd(), "docker");
    const script = readFileSync("assets/node-start.sh", "utf8");
    for (const { path, content } of renderDockerBundle(topology, script, null))
      await expect(content).toMatchFileSnapshot(`../../${path}`);
  });

  it("has the seed's names, ports and network", () => {
    const file = rendered();
    expect(Object.keys(nodesOf(file))).toEqual([
      "redis-master",
      "redis-slave-1",
      "redis-slave-2",
      "redis-slave-3",
      "redis-sentinel-1",
      "redis-sentinel-2",
      "redis-sentinel-3",
    ]);
    expect(Object.values(nodesOf(file)).flatMap(({ ports }) => ports)).toEqual([
      ...[6379, 6380, 6381, 6382].map((port) => `127.0.0.1:${port}:${port}`),
      ...[26379, 26380, 26381].map((port) => `127.0.0.1:${port}:${port}`),
    ]);
    expect(file.networks?.["redis-network"]).toMatchObject({ name: "redis-network" });
    expect(file.volumes["redis-master-data"]?.name).toBe("redis-master-data");
  });

  it("lets no service wait for another", () => {
    for (const each of Object.values(nodesOf(rendered()))) {
      expect(each.depends_on).toBeUndefined();
      expect(each).toMatchObject({ restart: "unless-stopped", stop_grace_period: "2m" });
    }
  });
});

const WORTH_CHECKING: [what: string, text: string, secret: string | null][] = [
  ["the defaults", "", null],
  ["a password", "security: { passwordFile: ./secret }", "./secret"],
  ["the machine's own network", "docker: { network: host }", null],
  ["Valkey with limits", "docker: { engine: valkey, memory: 2gb, cpus: 1.5 }\nsize: dev", null],
  [
    "another name, more nodes, every address",
    "name: Shop_2\nredis: { replicas: 5 }\nbind: ['*']\nannounce: 10.0.0.5\nsecurity: { passwordFile: s }",
    "./s",
  ],
];

describe("every Compose file", () => {
  it.each(WORTH_CHECKING)("is one by the current schema: %s", (_, text, secret) => {
    const topology = topologyOf(text);
    for (const file of [renderCompose(topology, secret), renderComposeOverride(topology, "/run dir/$x")]) {
      const ok = isCompose(read(file));
      expect(ok ? [] : isCompose.errors).toEqual([]);
    }
  });

  it.each(WORTH_CHECKING)(
    "says yes, no and numbers as text, for YAML 1.1 reads more into them: %s",
    (_, text, secret) => {
      for (const { environment } of Object.values(nodesOf(rendered(text, secret))))
        for (const value of Object.values(environment)) expect(typeof value).toBe("string");
    },
  );
});

describe("a service", () => {
  it("has the same address in every role, which is what its peers are told", () => {
    const file = rendered("redis: { replicas: 2 }");
    const replica = service(file, "redis-slave-2");
    expect(replica.networks).toEqual({ "redis-network": { ipv4_address: "172.28.0.12" } });
    expect(replica.environment).toMatchObject({
      NODE: "redis-slave-2",
      ADDRESS: "172.28.0.12 6381",
      PORT: "6381",
    });
    expect(replica.environment["REDIS_NODES"]).toContain("redis-master 172.28.0.10 6379\n");
    expect(replica.environment["SENTINELS"]).toBe(
      "172.28.0.120 26379\n172.28.0.121 26380\n172.28.0.122 26381\n",
    );
  });

  it("keeps its address in the network when another is announced", () => {
    const file = rendered(
      "announce: 10.0.0.5\nbind: [127.0.0.1, 10.0.0.5]\nsecurity: { passwordFile: s }",
      "./s",
    );
    const master = service(file, "redis-master");
    expect(master.networks?.["redis-network"]?.ipv4_address).toBe("172.28.0.10");
    expect(master.environment["ADDRESS"]).toBe("10.0.0.5 6379");
    expect(master.ports).toEqual(["127.0.0.1:6379:6379", "10.0.0.5:6379:6379"]);
  });

  it("has no ports and no network of its own on the machine's", () => {
    const master = service(rendered("docker: { network: host }"), "redis-master");
    expect(master).toMatchObject({ network_mode: "host" });
    expect(master.ports).toBeUndefined();
    expect(master.environment["LOCAL_HOST"]).toBe("127.0.0.1");
  });

  it.each([
    ["size: dev", "640mb"],
    ["docker: { memory: 1gb }\nredis: { config: { maxmemory: 512mb } }", "1gb"],
    ["redis: { config: { maxmemory: 0 } }", undefined],
  ])("is limited above its maxmemory: %j", (text, limit) => {
    const file = rendered(text);
    expect(service(file, "redis-slave-1").mem_limit).toBe(limit);
    expect(service(file, "redis-sentinel-1").mem_limit).toBeUndefined();
  });

  it("is healthy only when the server says PONG: redis-cli exits with 0 on NOAUTH and LOADING, too", () => {
    expect(service(rendered(), "redis-master").healthcheck.test).toEqual([
      "CMD-SHELL",
      'test "$$(redis-cli -h 127.0.0.1 -p 6379 ping)" = PONG',
    ]);
  });

  it("reads the password from a secret, and nothing else names it", () => {
    const file = rendered("security: { passwordFile: /etc/pw }", "/etc/pw");
    const master = service(file, "redis-master");
    expect(file.secrets).toEqual({ redis_password: { file: "/etc/pw" } });
    expect(master.secrets).toEqual(["redis_password"]);
    expect(master.environment["SECRET_FILE"]).toBe("/run/secrets/redis_password");
    expect(master.healthcheck.test[1]).toContain("REDISCLI_AUTH=$$(cat /run/secrets/redis_password)");
  });

  it("calls the programs of Valkey by their names", () => {
    const master = service(rendered("docker: { engine: valkey }"), "redis-master");
    expect(master.image).toBe("valkey/valkey:8.0.2");
    expect(master.environment).toMatchObject({ REDIS_SERVER: "valkey-server", REDIS_CLI: "valkey-cli" });
  });

  it("hands a dollar sign on as it is", () => {
    const file = renderCompose(topologyOf("redis: { config: { dbfilename: 'a$b.rdb' } }"), null);
    expect(service(read(file), "redis-master").environment["RDB_FILE"]).toBe("a$$b.rdb");
  });
});

describe("the steward's service", () => {
  it("is started only when it is asked for, and has no hand on the engine", () => {
    const { services } = rendered("", null);
    expect(services["steward"]).toMatchObject({ profiles: ["steward"], image: "vedette-steward:local" });
    expect(JSON.stringify(services["steward"])).not.toContain("docker.sock");
  });

  it("has the topology and the password, where there are any", () => {
    const { services } = rendered("security: { passwordFile: s }", "./s");
    expect(services["steward"]?.volumes).toContain("./vedette.yaml:/cluster/vedette.yaml:ro,z");
    expect(services["steward"]).toMatchObject({
      secrets: ["redis_password"],
      environment: { SECRET_FILE: "/run/secrets/redis_password" },
    });
    const { topology } = loadTopology(null, "/nowhere", "docker");
    expect(read(renderCompose(topology, null)).services["steward"]?.volumes).toEqual([
      "steward-state:/state",
    ]);
  });
});

describe("a cluster of another name", () => {
  it("has containers, volumes and a network of its own, since names are shared by the whole engine", () => {
    const file = rendered("name: shop");
    const topology: Topology = topologyOf("name: shop");
    expect(service(file, "redis-master")).toMatchObject({ container_name: "shop-redis-master" });
    expect(file.volumes["redis-master-data"]?.name).toBe("shop-redis-master-data");
    expect(file.networks?.["redis-network"]).toMatchObject({ name: "shop-network" });
    expect(renderComposeOverride(topology, "/run")).toContain("- /run/redis-master:/run/vedette:z\n");
    expect(renderComposeOverride(topology, "/a:b/run")).toContain("source: /a:b/run/redis-master\n");
  });
});
