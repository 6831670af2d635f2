/** One thing that was looked at, as `mayfly doctor` tells it. */
export type Check = {
  /** For programs: stays the same from version to version. */
  name: string;
  status: "ok" | "warn" | "fail";
  /** What is so, in a sentence without a full stop. */
  message: string;
  /** What to do about it; null when all is well. */
  hint: string | null;
};

export function ok(name: string, message: string): Check {
  return { name, status: "ok", message, hint: null };
}

/** Works, and not as it should. */
export function warn(name: string, message: string, hint: string): Check {
  return { name, status: "warn", message, hint };
}

/** Previews will not work, or not be safe, before somebody acts. */
export function fail(name: string, message: string, hint: string): Check {
  return { name, status: "fail", message, hint };
}
