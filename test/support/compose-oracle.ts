import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A repository for the official Compose to read: texts by path, or a folder; `compose` are its files, in their order. */
export type Project = { files: Readonly<Record<string, string>> | string; compose?: readonly string[] };

/** What `docker compose config --format json` says: a model, or why there is none. Paths in it start at `/w/NUMBER`. */
export type Answer = { model: unknown; warnings: string } | { error: string };

/**
 * Asks the official Compose about many projects in one jailed call: without network or environment, unprivileged,
 * reading nothing but them, limited in memory, and killed after its time. About 40 ms each, four at once. All of them are
 * told that they are the project `name`. What this very program said of the same texts before is not asked again.
 */
export async function askCompose(projects: readonly Project[], name: string): Promise<Answer[]> {
  const program = await composeProgram();
  const { size, mtimeMs } = statSync(program);
  const places = projects.map((project) => answerPlace([program, size, mtimeMs, name, project.compose, project.files]));
  const asked = projects.flatMap((project, index) =>
    typeof project.files === "string" || !existsSync(places[index] ?? "") ? [{ project, index }] : [],
  );
  const answers = await askAnew(
    asked.map(({ project }) => project),
    { program, name },
  );
  const fresh = new Map(asked.map(({ index }, at) => [index, answers[at]]));
  return places.map((place, index) => {
    const answer = fresh.get(index);
    if (answer === undefined) return JSON.parse(readFileSync(place, "utf8")) as Answer;
    // Renamed into place: another test may ask the same at the same time.
    writeFileSync(`${place}.${process.pid}`, JSON.stringify(answer));
    renameSync(`${place}.${process.pid}`, place);
    return answer;
  });
}

/** Where an answer is kept between runs. */
function answerPlace(question: unknown): string {
  const folder = join(tmpdir(), `mayfly-oracle-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, `${createHash("sha256").update(JSON.stringify(question)).digest("hex")}.json`);
}

async function askAnew(
  projects: readonly Project[],
  { program, name }: { program: string; name: string },
): Promise<Answer[]> {
  if (projects.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), "mayfly-oracle-"));
  const at = { projects: join(folder, "projects"), answers: join(folder, "answers"), root: join(folder, "root") };
  try {
    for (const path of Object.values(at)) mkdirSync(path);
    chmodSync(folder, 0o755);
    chmodSync(at.answers, 0o777);
    for (const [index, project] of projects.entries()) writeProject(join(at.projects, String(index)), project);
    await jailed([program, at.projects, at.answers, at.root, name]);
    return projects.map((_, index) => readAnswer(join(at.answers, String(index))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The program that `scripts/ready.sh test` found or brought. Throws where there is none: no test is skipped for that. */
export async function composeProgram(): Promise<string> {
  try {
    const { stdout } = await run("sh", ["-c", ". scripts/compose.sh && compose_path"]);
    return stdout.trim();
  } catch (cause) {
    throw new Error("there is no Docker Compose 2.40 or newer: run `sh scripts/ready.sh test` once", { cause });
  }
}

async function jailed(args: readonly string[]): Promise<void> {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const namespaces = ["--net", "--mount", "--ipc", "--uts", "--pid", "--fork", "--kill-child=KILL"];
  await run("unshare", [...user, ...namespaces, "sh", "test/support/compose-jail.sh", ...args], {
    timeout: 300_000,
    killSignal: "SIGKILL",
  });
}

function writeProject(folder: string, { files, compose = ["compose.yaml"] }: Project): void {
  writeFileSync(`${folder}.files`, compose.map((path) => `${path}\n`).join(""));
  if (typeof files === "string") return cpSync(files, folder, { recursive: true, verbatimSymlinks: true });
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function readAnswer(path: string): Answer {
  if (!existsSync(`${path}.code`)) throw new Error("Compose was not asked about every project");
  const said = readFileSync(`${path}.err`, "utf8").replaceAll(/\/w\/\d+\//g, "");
  if (readFileSync(`${path}.code`, "utf8").trim() !== "0") return { error: said.trim() };
  return { model: JSON.parse(readFileSync(`${path}.json`, "utf8")), warnings: said };
}
