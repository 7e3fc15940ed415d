/** Variables that servers may see. Nothing else of the caller's environment reaches them, secrets least of all. */
const PASSED_ON = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER"];

/** What the docker programs find their engine by; a Redis server has no use for it. */
const FOR_DOCKER = ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "XDG_RUNTIME_DIR"];

export function passedOn(): Record<string, string> {
  return only(PASSED_ON);
}

/** For programs of our own that outlive us, and for docker's. */
export function passedOnToOurs(): Record<string, string> {
  return only([...PASSED_ON, ...FOR_DOCKER]);
}

function only(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
