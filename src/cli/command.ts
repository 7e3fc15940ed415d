import type { Io } from "./io.ts";
import type { Options } from "./options.ts";

/** What a command gets: its arguments, its options, and what stood behind `--`. */
export interface Invocation {
  io: Io;
  args: string[];
  options: Options;
  /** Behind `--`: for programs that a command hands over to. */
  rest: string[];
}

/** Returns the exit code. */
export type Run = (invocation: Invocation) => Promise<number>;

export const GROUPS = ["Lifecycle", "Watching", "Connecting", "Testing", "Data", "Configuration"] as const;

export interface CommandSpec {
  /** As typed, with its arguments: `start <node>`. Two words make a subcommand: `config show`. */
  usage: string;
  group: (typeof GROUPS)[number];
  summary: string;
  /** `[flags, description]`. */
  options?: readonly (readonly [flags: string, description: string])[];
  /** Loaded only when the command is run: `--version` must not wait for what it does not need. */
  load: () => Promise<{ run: Run }>;
}
