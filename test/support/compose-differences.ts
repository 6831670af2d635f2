/** One key at which two canonical models differ; undefined where it is missing. */
export type Difference = { path: string; theirs: unknown; ours: unknown };

type Accepted = { reason: string; accepts(difference: Difference): boolean };

/** Where our canonical model may differ from the official one. Everything else is a bug. */
const accepted: readonly Accepted[] = [
  {
    reason: "the project's name is the preview's, whatever it is called elsewhere",
    accepts: ({ path }) => path === "name" || /^(networks|volumes|secrets|configs)\.[^.]+\.name$/.test(path),
  },
];

/** Compares the official model with ours, key by key; what stands in the table of accepted differences is left out. */
export function differences(theirs: unknown, ours: unknown): Difference[] {
  const all = compare(theirs, ours, "");
  return all.filter((difference) => !accepted.some((rule) => rule.accepts(difference)));
}

function compare(theirs: unknown, ours: unknown, path: string): Difference[] {
  if (isMap(theirs) && isMap(ours)) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    return [...keys].flatMap((key) => compare(theirs[key], ours[key], path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length) {
    return theirs.flatMap((each, index) => compare(each, ours[index], `${path}[${index}]`));
  }
  return JSON.stringify(theirs) === JSON.stringify(ours) ? [] : [{ path, theirs, ours }];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
