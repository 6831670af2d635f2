/**
 * A text without terminal colors, control and direction-changing characters, which could make a page or a terminal say
 * something else. Tabs and line feeds stay. Everything from a branch, a pull request or a container passes here.
 */
export function cleanText(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    "",
  );
}
