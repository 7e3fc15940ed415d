import { execFile, spawnSync } from "node:child_process";
import { errorCode, VedetteError } from "../../errors.ts";
import { passedOnToOurs } from "../state/environment.ts";

/** How Compose is called here. */
interface ComposeCli {
  program: string;
  args: string[];
}

/** Compose 2 is a plugin of `docker`; docker-compose 1.29 and 2 are programs of their own. */
const KNOWN: ComposeCli[] = [
  { program: "docker", args: ["compose"] },
  { program: "docker-compose", args: [] },
];

let found: ComposeCli | null = null;

function composeCli(env: NodeJS.ProcessEnv): ComposeCli {
  const works = ({ program, args }: ComposeCli) =>
    spawnSync(program, [...args, "version"], { env, stdio: "ignore" }).status === 0;
  found ??= KNOWN.find(works) ?? null;
  if (found !== null) return found;
  throw new VedetteError("looking for Docker Compose: neither `docker compose` nor `docker-compose` works", {
    next: "install it: `sudo apt-get install docker-compose` on Debian and Ubuntu, docker-compose-plugin from Docker's own repository",
  });
}

export interface Project {
  name: string;
  dir: string;
  /** The Compose files, relative to the directory. */
  files: readonly string[];
}

/** Creates the containers of these services, and network and volumes they need; starts none. */
export async function createServices(
  socket: string,
  project: Project,
  services: readonly string[],
): Promise<void> {
  const args = ["up", "--no-start", "--no-deps", ...services];
  await compose(socket, project, args, `creating the containers of ${services.join(", ")}`);
}

async function compose(
  socket: string,
  { name, dir, files }: Project,
  args: readonly string[],
  doing: string,
): Promise<void> {
  const env = { ...passedOnToOurs(), DOCKER_HOST: `unix://${socket}`, COMPOSE_PROJECT_NAME: name };
  const cli = composeCli(env);
  const all = [
    ...cli.args,
    "-p",
    name,
    "--project-directory",
    dir,
    ...files.flatMap((file) => ["-f", `${dir}/${file}`]),
    ...args,
  ];
  await new Promise<void>((resolve, reject) => {
    execFile(cli.program, all, { cwd: dir, env, maxBuffer: 10_000_000 }, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      reject(failure(doing, errorCode(error) === "ENOENT" ? error.message : stderr));
    });
  });
}

/** What Compose says when it cannot, and what can be done. */
const KNOWN_FAILURES: [RegExp, string][] = [
  [
    /overlaps with other one|invalid pool request|conflicts with/i,
    "another network has this subnet (`docker network ls`, or a VPN of this machine): set docker.subnet to a free one such as 172.31.77.0/24",
  ],
  [
    /port is already allocated|address already in use/i,
    "stop what has the port, or give the node another in the topology file",
  ],
  [
    /is already in use by container|Conflict\. The container name/i,
    "remove that container, or give the cluster another `name`",
  ],
  [/no space left on device/i, "make room where Docker keeps its data: `docker system df`"],
];

function failure(doing: string, said: string): VedetteError {
  const lines = said
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^(Creating|Recreating|Pulling|Found) /.test(line.trim()));
  const text = lines.slice(-3).join("; ") || "Compose failed without a word";
  const next = KNOWN_FAILURES.find(([pattern]) => pattern.test(said))?.[1];
  return new VedetteError(`${doing}: ${text.trim()}`, next === undefined ? {} : { next });
}
