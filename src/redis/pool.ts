import { connect, type ConnectOptions, type RedisConnection } from "./client.ts";

/**
 * Connections kept open between looks, one an address, for whoever looks every second: opening seven of them each
 * time was most of what the steward cost.
 *
 * A connection is forgotten as soon as it ends or is dropped; the next one to ask gets a new one.
 */
export class ConnectionPool {
  private readonly open = new Map<string, RedisConnection>();

  /** `onEnd` is told of every kept connection that ends by itself: a hint that its process may have ended. */
  constructor(private readonly onEnd: (host: string, port: number) => void = () => {}) {}

  /** The kept connection to this address, or a new one. `reused` tells which: a reused one may be stale. */
  async get(options: ConnectOptions): Promise<{ connection: RedisConnection; reused: boolean }> {
    const key = `${options.host} ${options.port}`;
    const kept = this.open.get(key);
    if (kept !== undefined) return { connection: kept, reused: true };
    const connection = await connect(options);
    this.open.set(key, connection);
    connection.onClose(() => {
      if (this.open.get(key) !== connection) return; // dropped by us
      this.open.delete(key);
      this.onEnd(options.host, options.port);
    });
    return { connection, reused: false };
  }

  /** Ends a connection that did not answer as it should. */
  drop(connection: RedisConnection): void {
    const key = `${connection.host} ${connection.port}`;
    if (this.open.get(key) === connection) this.open.delete(key);
    connection.close();
  }

  close(): void {
    const kept = [...this.open.values()];
    this.open.clear();
    for (const connection of kept) connection.close();
  }
}
