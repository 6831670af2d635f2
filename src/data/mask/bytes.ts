/** A text of bytes (Latin-1, one character each) as the UTF-8 that it is; bytes that are none become U+FFFD. */
export function fromBytes(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

export function toBytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  return /^[\x00-\x7f]*$/.test(text);
}

/** The same text with memory of its own: what is cut out of a larger one holds on to all of that. */
export function copy(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
