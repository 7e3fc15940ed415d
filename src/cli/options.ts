/** All options of all commands, as commander names them. A command reads only those it declares. */
export interface Options {
  file?: string;
  /** `drill` takes a file. */
  json?: boolean | string;
  yes?: boolean;
  debug?: boolean;
  runtime?: string;
  dryRun?: boolean;
  force?: boolean;
  /** `--force-master NODE` of `up`, or the flag of `start`. */
  forceMaster?: string | boolean;
  /** False with --no-steward. */
  steward?: boolean;
  watch?: boolean | string;
  role?: string;
  fault?: string;
  to?: string;
  follow?: boolean;
  /** `--for DURATION` of `pause`. */
  for?: string;
  reason?: string;
  expired?: boolean;
  /** False with --no-keep. */
  keep?: boolean;
  all?: boolean;
  lines?: string;
  since?: string;
  failovers?: boolean;
  section?: string;
  out?: string;
  replicas?: boolean;
  requests?: string;
  clients?: string;
  dataSize?: string;
  pipeline?: string;
  tests?: string;
  print?: boolean;
  user?: boolean;
  raw?: boolean;
  deadline?: string;
  list?: boolean;
  runs?: string;
  report?: string;
  sandbox?: boolean;
}
