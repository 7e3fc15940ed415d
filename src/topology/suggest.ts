/** Did-you-mean. */

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, at(before, j - 2) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** The candidate nearest to `text` within `limit` edits (and not all of it edited away), or null. */
export function closest(text: string, candidates: Iterable<string>, limit = 2): string | null {
  let best: string | null = null;
  let bestDistance = Math.min(limit, Math.max(1, text.length - 1)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) >= bestDistance) continue;
    const edits = distance(text.toLowerCase(), candidate.toLowerCase());
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** `did you mean "x"?`, or null when nothing is near. */
export function didYouMean(text: string, candidates: Iterable<string>, limit = 2): string | null {
  const near = closest(text, candidates, limit);
  return near === null ? null : `did you mean "${near}"?`;
}
