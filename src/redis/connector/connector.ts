import { Socket } from "node:net";
import { AbstractConnector } from "ioredis";
import { systemClock } from "../../clock.ts";
import { explain, VedetteError } from "../../errors.ts";
import type { EventAddress, SentinelEvent } from "../events.ts";
import { askSentinels, sentinelOptions } from "./ask.ts";
import { beingPromoted, chooseMaster, isConfirmed } from "./opinion.ts";
import { askRole, openSocket } from "./reach.ts";
import { reactionTo } from "./reaction.ts";
import { nodeAccess, reachable, sameAddress, type NodeAccess, type SentinelSettings } from "./settings.ts";
import { Subscriptions } from "./subscriptions.ts";

/** A search that lasts longer hands back to ioredis, so that its retries are counted and its commands can expire: ms. */
const PATIENCE_MS = 2_000;
/** A replica is promoted within one of Sentinel's ticks of being chosen; later the Sentinels are asked again: ms. */
const CHOSEN_FOR_MS = 1_500;
/** Between two looks at a replica that is being promoted, and between two rounds of questions to the Sentinels: ms. */
const LOOK_MS = 10;
const ASK_MS = 250;
/** How long the subscriptions outlive a connection that ended, so that the next one misses no event: ms. */
const LINGER_MS = 1_000;

interface Found {
  /** As the Sentinels know it. */
  address: EventAddress;
  socket: Socket;
}

/**
 * Connects an ioredis client to the master, and drops that connection as soon as another node is to be master.
 *
 * `connect` never rejects: ioredis goes to its status `end` for good then. A search without success gives a socket
 * that is closed already, which ioredis takes for a connection that was lost, and tries again.
 */
export class FollowingConnector extends AbstractConnector {
  private readonly access: NodeAccess;
  private readonly timeoutMs: number;
  private subscriptions: Subscriptions | null = null;
  private lingering: NodeJS.Timeout | undefined;
  private rechecking: NodeJS.Timeout | undefined;
  /** The search under way. */
  private search: AbortController | null = null;
  /** The node of the open connection, as the Sentinels know it. */
  private current: EventAddress | null = null;
  /** Not before this moment (monotonic, ms) do Sentinels that name another node count against `current`. */
  private trustedUntil = 0;
  /** The node that an event named. It is believed for a while, until it answers as master. */
  private chosen: { address: EventAddress; until: number } | null = null;
  private wake: () => void = () => {};

  constructor(
    private readonly settings: SentinelSettings,
    options: unknown,
  ) {
    const access = nodeAccess(options);
    super(access.disconnectTimeoutMs);
    this.access = access;
    this.timeoutMs = settings.timeoutMs ?? 1_000;
  }

  /** Called by ioredis with INFO before the connection is used: a replica takes no writes. */
  override check(info: { role?: string }): boolean {
    return info.role === undefined || info.role === "master";
  }

  async connect(): Promise<Socket> {
    const search = new AbortController();
    this.search = search;
    this.connecting = true;
    delete this.firstError;
    this.listen();
    // All else that waits here keeps no process alive, but somebody awaits this connection.
    const alive = setInterval(() => {}, PATIENCE_MS);
    try {
      return await this.find(search.signal);
    } finally {
      clearInterval(alive);
      this.connecting = false;
      if (this.search === search) this.search = null;
      if (this.current === null) this.linger();
    }
  }

  /** By the user for good, or by ioredis, which connects again then. */
  override disconnect(): void {
    this.search?.abort();
    this.wake();
    this.unlisten();
    // The parent's timer would wait for a `close` that has been.
    if (this.stream !== undefined && !this.stream.destroyed) super.disconnect();
  }

  private async find(signal: AbortSignal): Promise<Socket> {
    const end = systemClock.monotonic() + PATIENCE_MS;
    let why = "none yet";
    while (!signal.aborted && systemClock.monotonic() < end) {
      const news = new Promise<null>((resolve) => {
        this.wake = () => resolve(null);
      });
      const attempt = this.attempt().catch((error: unknown) => explain(error));
      const found = await Promise.race([attempt, news]);
      if (found === null) {
        void attempt.then((late) => typeof late === "string" || late.socket.destroy());
      } else if (typeof found === "string") {
        why = found;
        await Promise.race([news, systemClock.sleep(this.expected() === null ? ASK_MS : LOOK_MS)]);
      } else if (signal.aborted || !sameAddress(this.expected() ?? found.address, found.address)) {
        found.socket.destroy();
      } else {
        return this.adopt(found);
      }
    }
    if (!signal.aborted) {
      this.firstError = new VedetteError(`looking for the master ${this.settings.name}: ${why}`);
    }
    return new Socket().destroy();
  }

  /** A connection to the master, or why there is none. */
  private async attempt(): Promise<Found | string> {
    const named = this.expected() === null ? await this.whoIsMaster() : null;
    if (typeof named === "string") return named;
    const address = this.expected() ?? named;
    if (address === null) return "no Sentinel names one";
    const place = reachable(address, this.settings.natMap);
    const role = await askRole(place, this.access, this.timeoutMs);
    const asNamed = role === "hidden" && sameAddress(address, named);
    if (role !== "master" && !asNamed) return `${place.host}:${place.port} is not master yet`;
    return { address, socket: await openSocket(place, this.access, this.timeoutMs) };
  }

  private async whoIsMaster(): Promise<EventAddress | string | null> {
    const { opinions, failures } = await askSentinels(this.settings);
    const promoted = beingPromoted(opinions);
    if (promoted !== null) this.expect(promoted);
    return opinions.length === 0 ? failures.join("; ") : chooseMaster(opinions);
  }

  private adopt({ socket, address }: Found): Socket {
    this.stream = socket;
    this.current = address;
    const { recheckMs = 3_000 } = this.settings;
    this.trustedUntil = systemClock.monotonic() + recheckMs;
    this.recheckLater();
    socket.once("error", (error) => {
      this.firstError = error;
    });
    socket.once("close", () => {
      if (this.stream !== socket) return;
      this.current = null;
      clearTimeout(this.rechecking);
      if (this.search === null) this.linger();
    });
    return socket;
  }

  // --- What the Sentinels tell ---

  private listen(): void {
    clearTimeout(this.lingering);
    this.subscriptions ??= new Subscriptions(sentinelOptions(this.settings), {
      onEvent: (event) => this.hear(event),
      onBack: () => void this.recheck(),
    });
  }

  private unlisten(): void {
    clearTimeout(this.lingering);
    clearTimeout(this.rechecking);
    this.subscriptions?.stop();
    this.subscriptions = null;
  }

  private linger(): void {
    clearTimeout(this.lingering);
    this.lingering = setTimeout(() => this.unlisten(), LINGER_MS).unref();
  }

  private hear(event: SentinelEvent): void {
    const reaction = reactionTo(event, this.settings.name);
    if (reaction === null) return;
    if (reaction.do === "await") this.expect(reaction.replica);
    else if (reaction.do === "move") this.expect(reaction.master);
    else if (reaction.do === "forget") this.chosen = null;
    else void this.recheck();
  }

  /** Believes that this node is, or is about to be, master; any other is left at once. */
  private expect(address: EventAddress): void {
    const before = this.expected();
    this.chosen = { address, until: systemClock.monotonic() + CHOSEN_FOR_MS };
    if (this.current !== null && !sameAddress(this.current, address)) this.drop();
    if (!sameAddress(before, address)) this.wake();
  }

  private expected(): EventAddress | null {
    return this.chosen !== null && systemClock.monotonic() < this.chosen.until ? this.chosen.address : null;
  }

  /** Not politely: a hung master would keep a half-closed connection, and the commands in it, for ever. */
  private drop(): void {
    this.current = null;
    this.stream.destroy();
  }

  // --- Whether it was right ---

  private recheckLater(): void {
    clearTimeout(this.rechecking);
    this.rechecking = setTimeout(() => void this.recheck(), this.settings.recheckMs ?? 3_000).unref();
  }

  /** Asks whether the connection still goes to the master, again and again until a majority says so. */
  private async recheck(): Promise<void> {
    const { current } = this;
    if (current === null) return this.wake();
    const { opinions } = await askSentinels(this.settings);
    if (this.current !== current) return;
    if (isConfirmed(current, opinions, this.settings.sentinels.length)) return clearTimeout(this.rechecking);
    this.recheckLater();
    const named = chooseMaster(opinions);
    if (named === null || sameAddress(named, current) || sameAddress(beingPromoted(opinions), current))
      return;
    if (systemClock.monotonic() < this.trustedUntil) return;
    const place = reachable(named, this.settings.natMap);
    const role = await askRole(place, this.access, this.timeoutMs).catch(() => null);
    if (this.current === current && role === "master") this.expect(named);
  }
}
