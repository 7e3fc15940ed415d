import type { Clock } from "../clock.ts";

/** A rest that ends early when something happens, also if it happened just before. */
export class Alarm {
  private waker = new AbortController();
  private rung = false;

  constructor(private readonly clock: Clock) {}

  ring(): void {
    this.rung = true;
    this.waker.abort();
  }

  /** Returns after `ms`, or once it rings or `signal` aborts. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    this.waker = new AbortController();
    if (!this.rung) await this.clock.sleep(ms, AbortSignal.any([signal, this.waker.signal]));
    this.rung = false;
  }
}
