import { confirm, isCancel, text } from "@clack/prompts";

/** Questions to a person, on stderr so that results can be piped. Loaded only when one is asked. */

/** False when the person says no or cancels. */
export async function askYes(question: string): Promise<boolean> {
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
  return !isCancel(answer) && answer;
}

/** What was typed, or null when the person cancels. */
export async function askWord(question: string): Promise<string | null> {
  const answer = await text({ message: question, output: process.stderr });
  return isCancel(answer) ? null : answer;
}
