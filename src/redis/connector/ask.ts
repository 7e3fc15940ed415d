import { systemClock } from "../../clock.ts";
import { explain } from "../../errors.ts";
import { connect, type ConnectOptions } from "../client.ts";
import { parseAddress, parseMaster, parseReplicas } from "../sentinel-replies.ts";
import { toOpinion, type Opinion } from "./opinion.ts";
import type { SentinelSettings } from "./settings.ts";

/** Once a majority has answered, the others get this much longer: ms. A hung one must not delay, a fresh one count. */
const GRACE_MS = 30;

/** What the Sentinels answered, and why some did not. */
export interface Answers {
  opinions: Opinion[];
  failures: string[];
}

export function sentinelOptions(settings: SentinelSettings): ConnectOptions[] {
  const { sentinelTls, sentinelUsername, sentinelPassword, timeoutMs = 1_000 } = settings;
  return settings.sentinels.map(({ host, port = 26_379 }) => ({
    host,
    port,
    username: sentinelUsername ?? null,
    password: sentinelPassword ?? null,
    tls: sentinelTls === true ? {} : sentinelTls || null,
    background: true,
    deadlineMs: timeoutMs,
  }));
}

/** Asks all Sentinels at once. Resolves when all have answered or failed, or soon after a majority has answered. */
export async function askSentinels(settings: SentinelSettings): Promise<Answers> {
  const answers: Answers = { opinions: [], failures: [] };
  const all = sentinelOptions(settings);
  await new Promise<void>((resolve) => {
    const heard = async (options: ConnectOptions) => {
      try {
        const opinion = await askOne(options, settings.name);
        if (opinion !== null) answers.opinions.push(opinion);
        else answers.failures.push(`${options.host}:${options.port} knows no master ${settings.name}`);
      } catch (error) {
        answers.failures.push(explain(error));
      }
      if (answers.opinions.length + answers.failures.length === all.length) resolve();
      else if (answers.opinions.length > all.length / 2) void systemClock.sleep(GRACE_MS).then(resolve);
    };
    for (const options of all) void heard(options);
  });
  return { opinions: [...answers.opinions], failures: [...answers.failures] };
}

async function askOne(options: ConnectOptions, name: string): Promise<Opinion | null> {
  const sentinel = await connect(options);
  try {
    const [master, address, replicas] = await sentinel.callAll([
      ["SENTINEL", "MASTER", name],
      ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name],
      ["SENTINEL", "REPLICAS", name],
    ]);
    const opinion = toOpinion(parseMaster(master), parseAddress(address), parseReplicas(replicas));
    if (opinion === null && master instanceof Error) throw master;
    return opinion;
  } finally {
    sentinel.close();
  }
}
