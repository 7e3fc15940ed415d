/**
 * The texts of a stream in which the engine mixes a container's stdout and stderr: frames of one byte for which of
 * the two, three zeros, four bytes of length, and that many of text.
 */
export function demultiplex(bytes: Buffer): string {
  const texts: Buffer[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    texts.push(bytes.subarray(at + HEADER, at + HEADER + length));
    at += HEADER + length;
  }
  return Buffer.concat(texts).toString("utf8");
}

const HEADER = 8;
