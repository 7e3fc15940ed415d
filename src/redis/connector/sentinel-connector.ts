import type { RedisOptions } from "ioredis";
import { UsageError } from "../../errors.ts";
import { FollowingConnector } from "./connector.ts";
import type { SentinelSettings } from "./settings.ts";

/** What to spread into the options of an ioredis client. */
export type FollowingOptions = Required<Pick<RedisOptions, "Connector" | "retryStrategy">>;

/** Waits between attempts: ms. A search itself lasts up to two seconds, so there is no need to back off further. */
const RETRY_STEP_MS = 20;
const RETRY_MOST_MS = 200;

/**
 * Makes an ioredis client follow the master through every failover:
 * `new Redis({ ...sentinelConnector({ sentinels, name }), password, tls })`.
 *
 * It leaves the old master when Sentinel has chosen the next one and is connected to that one in the moment of its
 * promotion, some 0.9 s before `+switch-master`. What concerns the nodes (`username`, `password`, `tls`, `db`) are
 * ioredis' own options.
 *
 * @throws UsageError without a Sentinel or the master's name
 */
export function sentinelConnector(settings: SentinelSettings): FollowingOptions {
  if (settings.sentinels.length === 0) throw new UsageError("sentinelConnector: no Sentinel is given");
  if (settings.name === "") throw new UsageError("sentinelConnector: no name of a master is given");
  class Connector extends FollowingConnector {
    constructor(options: unknown) {
      super(settings, options);
    }
  }
  return { Connector, retryStrategy: (times) => Math.min(times * RETRY_STEP_MS, RETRY_MOST_MS) };
}
