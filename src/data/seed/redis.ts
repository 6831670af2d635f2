import { type DatabaseTool, type Running, seedFailed } from "./tool.ts";

/** The client of either server. */
const client = 'tool=redis-cli; command -v "$tool" >/dev/null || tool=valkey-cli; exec "$tool" "$@"';

/** Redis and Valkey by their own client. Their dumps are no files to load: they lie in the volume before the start. */
export const redis: DatabaseTool = {
  // It answers PONG once it has read its dump; without our password it is as ready.
  readyCheck: (database) => [
    "sh",
    "-c",
    `said=$(${inShell("PING")}); case $said in PONG | NOAUTH*) exit 0 ;; esac; echo "$said"; exit 1`,
    "sh",
    ...passwordOf(database),
  ],
  async load(database, file) {
    const what = "Redis reads no SQL";
    throw seedFailed(database.service, { where: file.name, what, lines: [] });
  },
  async isEmpty(database) {
    const command = ["sh", "-c", client, "sh", ...passwordOf(database), "INFO", "keyspace"];
    const { exitCode, lines } = await database.execute({ command });
    const isTold = exitCode === 0 && lines.some((line) => line.startsWith("# Keyspace"));
    return isTold ? !lines.some((line) => line.startsWith("db")) : null;
  },
  // Whether it writes its keys when it is stopped is a matter of its settings.
  async settle(database) {
    const command = ["sh", "-c", client, "sh", ...passwordOf(database), "-e", "SAVE"];
    const { exitCode, lines } = await database.execute({ command });
    if (exitCode === 0 || lines.some((line) => line.includes("NOAUTH"))) return;
    const what = lines.at(-1) ?? `its client ended with code ${exitCode}`;
    throw seedFailed(database.service, { where: "what it holds", what, lines });
  },
};

/** As an argument of the shell it is nobody's to read in a list of processes but the container's own. */
function passwordOf({ command }: Pick<Running, "command">): string[] {
  const at = command.indexOf("--requirepass");
  const password = command[at + 1];
  return at === -1 || password === undefined ? [] : ["--no-auth-warning", "-a", password];
}

function inShell(request: string): string {
  return `tool=redis-cli; command -v "$tool" >/dev/null || tool=valkey-cli; "$tool" "$@" ${request} 2>&1`;
}
