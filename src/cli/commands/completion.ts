import { basename } from "node:path";
import { RootCommand } from "@bomb.sh/tab";
import { UsageError } from "../../errors.ts";
import type { Invocation } from "../command.ts";

/** What to type so that completion is there now and in every later shell. */
const INSTALL: Readonly<Record<string, string>> = {
  bash: "source <(vedette completion bash)                        # in ~/.bashrc, to keep it",
  zsh: "source <(vedette completion zsh)                         # in ~/.zshrc behind compinit, to keep it",
  fish: "vedette completion fish > ~/.config/fish/completions/vedette.fish",
  powershell: "vedette completion powershell | Out-String | Invoke-Expression   # in $PROFILE, to keep it",
};

/** The script calls a function of the bash-completion package, which a minimal system lacks. */
const WITHOUT_BASH_COMPLETION = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
    cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  }
fi
`;

export async function run({ io, args }: Invocation): Promise<number> {
  const shell = args[0] ?? basename(process.env["SHELL"] ?? "");
  const install = INSTALL[shell];
  if (install === undefined) {
    const what =
      shell === ""
        ? "making a completion script: for which shell?"
        : `making a completion script for ${shell}`;
    throw new UsageError(what, {
      next: `type one of: ${Object.keys(INSTALL)
        .map((name) => `vedette completion ${name}`)
        .join(", ")}`,
    });
  }
  if (shell === "bash") io.out(WITHOUT_BASH_COMPLETION);
  new RootCommand().setup("vedette", "vedette", shell);
  if (io.terminal) io.note(`\n# to use it:\n#   ${install}`);
  return 0;
}
