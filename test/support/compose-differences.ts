/** One key at which two canonical models differ; undefined where it is missing. */
export type Difference = { path: string; theirs: unknown; ours: unknown };

/** Where our canonical model differs from the official one by intent. Any other difference is a bug. */
const accepted: readonly { reason: string; ours(theirs: string): string }[] = [
  {
    reason: "Compose doubles each dollar sign, so that its output can be read again; we print the values",
    ours: (text) => text.replaceAll("$$", "$"),
  },
  {
    reason: "Compose prints paths of the machine, we print those of the repository: it lay at /w/NUMBER",
    ours: (text) =>
      /^\/w\/\d+(\/|$)/.test(text) ? text.replace(/^\/w\/\d+\/?/, "") || "." : text.replace(/^\/w\//, "../"),
  },
  {
    reason: "there is no home directory for a preview: ~ stays, and is refused; it was /nowhere",
    ours: (text) => text.replace(/^\/nowhere(?=\/|$)/, "~"),
  },
];

/** $PWD is where Compose was started; in a preview it is `.`, where the paths of the files begin. */
const withoutDot = (value: unknown) => (typeof value === "string" ? value.replace(/^\.\/(?=.)/, "") : value);

/** Compares the official model with ours, key by key; what stands in the table of accepted differences is none. */
export function differences(theirs: unknown, ours: unknown): Difference[] {
  return compare(accept(theirs), ours, "");
}

function accept(value: unknown): unknown {
  if (typeof value === "string") return accepted.reduce((text, rule) => rule.ours(text), value);
  if (Array.isArray(value)) return value.map(accept);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [String(accept(key)), accept(each)]));
}

function compare(theirs: unknown, ours: unknown, path: string): Difference[] {
  if (isMap(theirs) && isMap(ours)) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    return [...keys].flatMap((key) => compare(theirs[key], ours[key], path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length) {
    return theirs.flatMap((each, index) => compare(each, ours[index], `${path}[${index}]`));
  }
  return JSON.stringify(theirs) === JSON.stringify(ours) || theirs === withoutDot(ours) ? [] : [{ path, theirs, ours }];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
