import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { notApplicable } from "../../src/operations/drill/applicable.ts";
import { drill } from "../../src/operations/drill/drill.ts";
import { findScenario, SCENARIOS } from "../../src/operations/drill/scenarios.ts";
import { parseTopology } from "../../src/topology/load.ts";
import { dockerCluster, dockerPlace, hindrance } from "../kit/docker-place.ts";
import type { LiveCluster } from "../kit/live-cluster.ts";

const { topology } = parseTopology("runtime: docker\n", "/vedette.yaml", "vedette.yaml");
const here = { steward: true, smallDisk: false };
const runnable = SCENARIOS.filter((scenario) => notApplicable(scenario, topology, here) === null);

describe.skipIf(hindrance !== null)(
  `drills in containers, with a password (${hindrance ?? "Docker"})`,
  () => {
    const secrets = mkdtempSync(join(tmpdir(), "vedette-secret-"));
    const place = dockerPlace();
    let cluster: LiveCluster;

    beforeAll(async () => {
      if (hindrance !== null) return;
      const file = join(secrets, "password");
      writeFileSync(file, "a-password-of-its-own", { mode: 0o600 });
      cluster = await dockerCluster(`security: { passwordFile: "${file}" }`);
      await cluster.up({ steward: true });
    });
    afterAll(async () => {
      await cluster?.destroy();
      rmSync(secrets, { recursive: true, force: true });
    });
    beforeEach(async () => {
      await cluster.settled();
    });

    it("include one that processes of a machine cannot have", () => {
      expect(runnable.map(({ id }) => id)).toContain("unplugged");
      expect(runnable.length).toBeGreaterThanOrEqual(13);
    });

    it.each(runnable.map(({ id }) => id))("of %s end as the scenario expects", async (id) => {
      const scenario = findScenario(id);
      if (scenario === null) throw new Error(`no scenario ${id}`);
      const wish = { scenario, run: 0, confirmBy: 0 };
      const run = await drill(cluster.ctx, wish, () => {}, new AbortController().signal);
      expect(run.checks.filter(({ ok }) => ok === false)).toEqual([]);
      expect(run.ok).toBe(true);
      expect(run.writes.acknowledged).toBeGreaterThan(100);
      const { nodes } = await cluster.settled();
      expect(nodes.filter(({ role }) => role === "master")).toHaveLength(1);
      expect(await place.engine().docker("ps", "-q", "--filter", "status=paused")).toBe("");
    });

    it("show the password nowhere: not to docker inspect, nor in the log or arguments of a container", async () => {
      const docker = place.engine();
      for (const node of [...cluster.redis(), ...cluster.sentinels()]) {
        const name = `${cluster.topology.name}-${node}`;
        expect(await docker.docker("inspect", name)).not.toContain("a-password-of-its-own");
        expect(await docker.docker("logs", name)).not.toContain("a-password-of-its-own");
        expect(await docker.docker("top", name)).not.toContain("a-password-of-its-own");
      }
    });
  },
);
