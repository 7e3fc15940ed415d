/** A piece of HTML that is safe to put into a page. Only `html` and `svg` templates and `trusted` make one. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | null | readonly (Html | string)[];

/** A template whose values are escaped unless they are HTML themselves; null is nothing. */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  const text = strings.reduce(
    (all, string, at) => all + (at === 0 ? "" : part(values[at - 1] ?? null)) + string,
    "",
  );
  return new Html(text);
}

/** A text of our own that is HTML or CSS already. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** Text as it may stand in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function part(value: Part): string {
  if (value === null) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(part).join("");
}
