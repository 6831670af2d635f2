import { called, type Case, type Found, placeIn, quote } from "./case.ts";
import type { SaidRow } from "./statements.ts";

/** What a service may not do, or has no room for. */
export const limitRows: readonly SaidRow[] = [
  {
    id: "privileged-port",
    patterns: [
      /\bEACCES\b[^\n]{0,80}?:(\d{1,4})\b/,
      /bind\(\) to \S{1,60}:(\d{1,4}) failed \(13: Permission denied\)/,
      /listen (?:tcp|udp)\d? \S{0,60}:(\d{1,4}): bind: permission denied/,
      /make_sock: could not bind to address \S{0,60}:(\d{1,4})\b/,
      /[Pp]ermission denied.{0,60}(?:bind|port|address).{0,30}\b(\d{1,4})\b/,
      /(?:bind|port|address|connect to).{0,60}\b(\d{1,4})\b.{0,20}[Pp]ermission denied/,
    ],
    judge(match, about) {
      const port = Number(match[1]);
      if (port >= 1024 || isRoot(about)) return null;
      const now = `Let it listen on a port from 1024 on (8080, say) and route to that one, or run it as root.`;
      const what = `${called(about)} may not listen on port ${port}: it runs as ${quote(about.container?.user ?? "", 40)}, not as root`;
      return { what, now, where: placeIn(about, "user", "ports", "") };
    },
  },
  {
    id: "port-taken",
    patterns: [
      /\bEADDRINUSE\b[^\n]{0,80}?:(\d{1,5})\b/,
      /bind\(\) to \S{1,60}:(\d{1,5}) failed \(98: /,
      /listen (?:tcp|udp)\d? \S{0,60}:(\d{1,5}): bind: address already in use/,
      /[Aa]ddress already in use.{0,60}\b(\d{2,5})\b/,
      /[Pp]ort (\d{2,5}) (?:is )?(?:already )?(?:in use|was already in use)/,
    ],
    judge: (match, about) => ({
      what: `${called(about)} starts two programs that listen on port ${match[1]}`,
      now: "Each container has its ports for itself, so it is its own: start the server once, or give the second one another port.",
      where: placeIn(about, "command", "entrypoint", ""),
    }),
  },
  {
    id: "file-watchers",
    isEverywhere: true,
    patterns: [
      /ENOSPC: System limit for number of file watchers reached/,
      /inotify_add_watch.{0,60}No space left on device/,
    ],
    judge: (_match, about) => ({
      what: `${called(about)} watches more files than this host allows`,
      now: "Start it without watching (the production command), or let it poll (`CHOKIDAR_USEPOLLING=true`).",
      where: placeIn(about, "command"),
    }),
  },
  {
    id: "no-space",
    isEverywhere: true,
    patterns: [
      /could not resize shared memory segment.{0,120}No space left on device/,
      /(?:ENOSPC: no space left on device|No space left on device|no space left on device)(?:.{0,40}?['"](\/[^'"]{1,200})['"])?/,
      /\bOSError: \[Errno 28\]/,
      /\bDisk quota exceeded\b/,
    ],
    judge: (match, about) => noSpace(match, about),
  },
  {
    id: "heap",
    isEverywhere: true,
    patterns: [/JavaScript heap out of memory/, /java\.lang\.OutOfMemoryError: ([\w ]{1,60})/, /^MemoryError\b/],
    judge(match, about) {
      const memory = about.service?.limits.memoryBytes;
      const of = memory === undefined ? "" : ` (it may use ${Math.round(memory / 1024 ** 2)} MiB)`;
      const now = `Give its heap more (\`NODE_OPTIONS=--max-old-space-size=…\`, \`-Xmx\`)${of}, and the service more memory with \`mem_limit\`.`;
      const which = match[0].startsWith("JavaScript") ? "JavaScript heap" : "heap";
      return {
        what: `${called(about)} ran out of memory in its ${which}`,
        now,
        where: placeIn(about, "mem_limit", "deploy", ""),
      };
    },
  },
];

function isRoot({ container }: Case): boolean {
  const user = container?.user.split(":")[0] ?? "";
  return ["", "0", "root"].includes(user);
}

/** A tmpfs and `/dev/shm` are small by what the branch says; anything else is the host's disk. */
function noSpace(match: RegExpExecArray, about: Case): Found {
  const { service } = about;
  if (/shared memory/.test(match[0])) {
    return {
      what: `${called(about)} has no room left in /dev/shm`,
      now: "Raise `shm_size:` of the service (64 MiB where nothing is said).",
      where: placeIn(about, "shm_size", ""),
    };
  }
  const path = match[1] ?? "";
  const mount = service?.mounts.find(
    (each) => each.kind === "tmpfs" && (path === each.target || path.startsWith(`${each.target.replace(/\/$/, "")}/`)),
  );
  if (mount) {
    const now = `Raise the size of that tmpfs, or use a volume: it counts as memory of the service.`;
    return {
      what: `${called(about)} has no room left in ${mount.target}, a tmpfs`,
      now,
      where: placeIn(about, "tmpfs", "volumes"),
    };
  }
  return {
    what: `${called(about)} has no room left on its disk${path === "" ? "" : ` at ${quote(path, 80)}`}`,
    now: "Ask the operator to make room on the host (`mayfly doctor` tells), or let the service write less.",
    where: null,
  };
}

/** Killed for its memory: the engine says so itself. */
export function outOfMemory(about: Case): Found | null {
  const { container, service, failure } = about;
  if (container?.oomKilled !== true) return null;
  const limit =
    service === null ? "its memory" : `its ${Math.round(service.limits.memoryBytes / 1024 ** 2)} MiB of memory`;
  // Who is told to be ready was killed on the way.
  const span = /after (\d+(?:\.\d+)? \w+)/.exec(failure.what)?.[1];
  return {
    what: `${called(about)} used more than ${limit} and was killed${span === undefined ? "" : ` after ${span}`}`,
    now: "Let it use less, or raise `mem_limit:` of the service; all services of a preview share what the operator gives it (limits.memory).",
    where: placeIn(about, "mem_limit", "deploy", ""),
  };
}
