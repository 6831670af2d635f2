/** A request at one of the doors under `/.mayfly/`; `rest` is the clean path behind it. */
export type Door =
  | { readonly kind: "open"; readonly key: string; readonly rest: string }
  /** `start` is the host that the visitor came to, and goes back to. */
  | { readonly kind: "pass"; readonly key: string; readonly start: string; readonly rest: string };

/** Reads an origin-form path; null where it is no door. */
export function readDoor(path: string): Door | null {
  if (!path.startsWith("/.mayfly/")) return null;
  const open = /^\/\.mayfly\/open\/([^/?]*)(.*)$/.exec(path);
  if (open !== null) return { kind: "open", key: open[1] ?? "", rest: cleanPath(open[2] ?? "") };
  const pass = /^\/\.mayfly\/pass\/([^/?]*)\/([^/?]*)(.*)$/.exec(path);
  if (pass === null) return null;
  return { kind: "pass", key: pass[1] ?? "", start: pass[2] ?? "", rest: cleanPath(pass[3] ?? "") };
}

/** The path of a link that lets in: the key goes before the path, so that query and path stay as they are. */
export function openPath(key: string, path = "/"): string {
  return `/.mayfly/open/${key}${path}`;
}

export function passPath(key: string, start: string, path = "/"): string {
  return `/.mayfly/pass/${key}/${start}${path}`;
}

/** Exactly one slash first: `//elsewhere` (and `/\elsewhere`) would lead a browser to another host (WHATWG URL, relative slash state). */
function cleanPath(rest: string): string {
  return `/${rest.replace(/^[/\\]+/, "")}`;
}
