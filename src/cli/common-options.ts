/** Options that many commands have, each in one wording. */
export const JSON_OPTION = ["--json", "print JSON (see docs/json-output.md)"] as const;
export const DRY_RUN = ["--dry-run", "show the steps and touch nothing"] as const;
