/**
 * A text without terminal sequences, control and direction-changing characters, which could make a page or a terminal
 * say something else. Tabs and line feeds stay. Everything from a branch, a pull request or a container passes here.
 */
export function cleanText(text: string): string {
  return text.replaceAll(sequence, "").replaceAll(unshown, "");
}

/**
 * ECMA-48: a string (link, title) up to its end, a control sequence, any other escape. None reads past the next escape,
 * so that a line of nothing but beginnings is read once.
 */
const sequence =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /\u001b[\]PX^_][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|(?:\u001b\[|\u009b)[0-?]{0,100}[ -/]{0,10}[@-~]|\u001b[ -/]{0,10}[0-~]/g;

const unshown =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
