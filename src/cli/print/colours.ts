import picocolors from "picocolors";

export type Colours = ReturnType<typeof picocolors.createColors>;

/** Colour is the caller's choice (a terminal, no NO_COLOR): printing functions look at nothing themselves. */
export function coloursFor(colour: boolean): Colours {
  return picocolors.createColors(colour);
}
