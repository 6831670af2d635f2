import { called, type Case, type Found, placeIn, quote } from "./case.ts";
import type { SaidRow } from "./statements.ts";

/** A program that is not there, or not whole. */
export const programRows: readonly SaidRow[] = [
  {
    id: "crlf",
    isEverywhere: true,
    patterns: [
      /(?:env|exec|bad interpreter)[^\n]{0,80}(?:\\r|\^M)/,
      /\$?'\\r': command not found/,
      /: (?:not found|invalid option|illegal option).{0,10}(?:\\r|\^M)/,
      /set: Illegal option -\s*$|set: -(?:e|u)?: invalid option/,
    ],
    judge: (_match, about) => windowsLines(about.container?.entry?.path ?? null, about),
  },
  {
    id: "not-executable",
    patterns: [
      /\b(?:sh|bash|ash|dash|exec)\b[^\n]{0,40}?:? (\S{1,200}): Permission denied$/,
      /exec: "?(\S{1,200}?)"?: permission denied/,
      /exec (\S{1,200}): permission denied/i,
    ],
    judge: (match, about) => notExecutable(match[1] ?? "", about),
  },
  {
    id: "wrong-architecture",
    patterns: [
      /(\S{1,200}): [Ee]xec format error/,
      /(\S{1,200}): cannot execute(?: binary file)?: (?:required file not found|Exec format error)/,
    ],
    judge: (match, about) => ({
      what: `${quote(match[1] ?? "", 100)} in ${called(about)} is no program for ${about.container?.architecture.engine ?? "this host"}`,
      now: "Build it in the Dockerfile, for the processor that it runs on; a script needs `#!` in its first line.",
      where: placeIn(about, "platform", "build", "image", ""),
    }),
  },
  {
    id: "compiler-missing",
    isEverywhere: true,
    patterns: [
      /gyp ERR! (?:find Python|stack Error: not found: make|stack Error: Could not find any Python)/,
      /\berror: command '(?:[\w-]{1,40}-)?(?:gcc|cc|g\+\+|clang)' failed: No such file or directory/,
    ],
    judge: (_match, about) => ({
      what: `${called(about)} compiles a native module, and its image has no Python, make or compiler`,
      now: "Install them before it in the Dockerfile (`apt-get install -y python3 make g++`, `apk add python3 make g++`), or take the image that is not slim.",
      where: placeIn(about, "build", "image", ""),
    }),
  },
  {
    id: "program-missing",
    patterns: [
      /^(?:\/bin\/)?(?:sh|bash|ash|dash)[^\n]{0,30}?: (?:line )?(?:\d{1,5}: )?([\w./@+-]{1,200}): (?:command )?not found$/,
      /^\S{1,100}: line \d{1,5}: ([\w./@+-]{1,100}): command not found$/,
      /^([\w./@+-]{1,100}): (?:command )?not found$/,
      /exec: "([^"]{1,200})": executable file not found in \$PATH/,
    ],
    judge(match, about) {
      const name = quote(match[1] ?? "", 80);
      const hidden = tools.has(name) ? null : hiddenFolder(about);
      const now = isPulled(about)
        ? "Take an image that has it, or build one with it (`build:` in place of `image:`), or correct `command:`."
        : (hidden ?? "Install it in the Dockerfile (`npm ci` without `--omit=dev`, a package), or correct `command:`.");
      return {
        what: `${called(about)} runs \`${name}\`, which its image does not have`,
        now,
        where: placeIn(about, "command", "entrypoint", ""),
      };
    },
  },
  {
    id: "module-missing",
    patterns: [
      /Cannot find (?:module|package) '([^'\n]{1,200})'/,
      /ModuleNotFoundError: No module named '([^'\n]{1,100})'/,
      /ImportError: No module named ([\w.]{1,100})/,
      /cannot load such file -- ([\w./@-]{1,200})/,
      /Could not find (?:gem )?'?([\w.-]{1,100})'?.{0,60}in (?:any of the sources|locally installed gems)/,
      /Failed opening required '([^']{1,200})'/,
      /Error: Unable to access jarfile (\S{1,200})/,
      /can't open file '([^']{1,200})': \[Errno 2\]/,
    ],
    judge(match, about) {
      const name = quote(match[1] ?? "", 100);
      const hidden = hiddenFolder(about);
      const isFile = name.startsWith("/") || name.startsWith(".");
      const install = isPulled(about)
        ? 'install what is declared before it is needed: in a Dockerfile of your own, or in `command: sh -c "npm ci && npm start"`.'
        : "install what is declared in the Dockerfile.";
      const now =
        hidden ??
        (isFile
          ? "Check that the build makes it (`RUN npm run build`) and copies it, and the path in `command:`."
          : `Declare it as a dependency, and ${install}`);
      return {
        what: `${called(about)} lacks ${isFile ? "the file" : "the module"} ${name}`,
        now,
        where: placeIn(about, "command", "volumes", "build", ""),
      };
    },
  },
];

/** What the engine says of a program that it could not start, and what its file is. */
export function cannotStart(about: Case): { id: string; found: Found } | null {
  const { container } = about;
  if (container === null || container.state === "running") return null;
  const { entry, startError, lines } = container;
  const last = lines.at(-1) ?? "";
  const isRefused = startError !== "" || /^exec \S{1,300}: |^env: /.test(last);
  if (!isRefused) return null;
  const told = `${startError} ${last}`;
  if (entry?.form.kind === "script" && entry.form.interpreter.endsWith("\r"))
    return { id: "crlf", found: windowsLines(entry.path, about) };
  if (/exec format error/i.test(told)) return wrongArchitecture(about);
  if (entry !== null && !entry.isExecutable && /permission denied/i.test(told)) {
    return { id: "not-executable", found: notExecutable(entry.path, about) };
  }
  if (entry?.form.kind === "script" && /no such file/i.test(told))
    return interpreterMissing(entry.path, entry.form.interpreter, about);
  const missing = /exec: "([^"]{1,200})": (?:executable file not found|stat [^:]{1,200}: no such file)/.exec(
    startError,
  )?.[1];
  if (missing === undefined) return null;
  const now =
    hiddenFolder(about) ?? "Check `command:` and `entrypoint:`, and that the Dockerfile copies or installs it.";
  const what = `${called(about)} is to start \`${quote(missing, 80)}\`, which its image does not have`;
  return { id: "program-missing", found: { what, now, where: placeIn(about, "command", "entrypoint", "") } };
}

function wrongArchitecture(about: Case): { id: string; found: Found } {
  const { architecture, entry } = about.container ?? { architecture: { image: "", engine: "" }, entry: null };
  const where = placeIn(about, "platform", "image", "build", "");
  const form = entry?.form;
  if (architecture.image !== "" && architecture.image !== architecture.engine) {
    const now = `Build it for ${architecture.engine} (\`docker buildx build --platform linux/${architecture.engine}\`), or name an image that has it.`;
    return {
      id: "wrong-architecture",
      found: {
        what: `the image of ${called(about)} is for ${architecture.image}, and this host is ${architecture.engine}`,
        now,
        where,
      },
    };
  }
  if (form?.kind === "program" && form.architecture !== architecture.engine) {
    const now = `Build it in the Dockerfile, or for linux/${architecture.engine}, instead of copying what was built elsewhere.`;
    const what = `${quote(entry?.path ?? "", 100)} in ${called(about)} is for ${form.architecture ?? "another processor"}, and this host is ${architecture.engine}`;
    return { id: "wrong-architecture", found: { what, now, where } };
  }
  const path = quote(entry?.path ?? "its program", 100);
  const what = `${path} in ${called(about)} has no \`#!\` in its first line`;
  return {
    id: "no-interpreter",
    found: {
      what,
      now: "Begin it with `#!/bin/sh`, or start it with `sh`.",
      where: placeIn(about, "entrypoint", "command", ""),
    },
  };
}

function interpreterMissing(path: string, interpreter: string, about: Case): { id: string; found: Found } {
  const program = quote(interpreter.split(" ")[0] ?? "", 60);
  const what = `${quote(path, 100)} in ${called(about)} asks for ${program}, which its image does not have`;
  const now = `Install it in the Dockerfile, or name another one in the first line (\`#!/bin/sh\`).`;
  return { id: "interpreter-missing", found: { what, now, where: placeIn(about, "entrypoint", "command", "") } };
}

function windowsLines(path: string | null, about: Case): Found {
  const which = path === null ? "a script" : quote(path, 100);
  return {
    what: `${which} in ${called(about)} has Windows line ends (CRLF)`,
    now: "Commit it with LF: `*.sh text eol=lf` in .gitattributes, then `git add --renormalize .`.",
    where: placeIn(about, "entrypoint", "command", "build", ""),
  };
}

function notExecutable(path: string, about: Case): Found {
  const name = quote(path, 100);
  return {
    what: `${name} in ${called(about)} is not executable`,
    now: `\`git update-index --chmod=+x ${name.split("/").at(-1) ?? ""}\`, or \`RUN chmod +x\` in the Dockerfile, or start it with \`sh\`.`,
    where: placeIn(about, "entrypoint", "command", "build", ""),
  };
}

/** Never installed with an application's own packages, which a mount may hide. */
const tools = new Set(
  "yarn pnpm npm npx bun node bundle composer pip pip3 poetry uv pipenv python python3 ruby php java go make git curl wget bash".split(
    " ",
  ),
);

/** An image of others, in which nothing of the repository was installed. */
function isPulled({ service }: Case): boolean {
  return service?.image.kind === "pull";
}

/** A folder of the repository over what the image has there, which hides what was installed. */
function hiddenFolder(about: Case): string | null {
  if (isPulled(about)) return null;
  const bound = about.service?.mounts.find(
    (mount) =>
      mount.kind === "files" &&
      ["/app", "/usr/src/app", "/code", "/src", "/workspace"].includes(mount.target.replace(/\/$/, "")),
  );
  if (bound === undefined) return null;
  return `The repository is mounted over ${bound.target} and hides what the image has there: leave that volume out of the preview, or add one for what is installed (\`${bound.target.replace(/\/$/, "")}/node_modules\`).`;
}
