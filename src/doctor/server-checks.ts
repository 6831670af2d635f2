import { type Check, ok, warn } from "./check.ts";

/** Whose things are on the engine besides ours: another Mayfly's, or our own of a state folder that was lost. */
export function checkOthers(counts: ReadonlyMap<string, number>, server: string | null): Check {
  const others = [...counts].filter(([id]) => id !== server);
  const said = others.map(([id, count]) => `${count} of ${id}`).join(", ");
  if (others.length === 0) return ok("server", `nothing of another Mayfly is on this engine`);
  const isNew = server === null || !counts.has(server);
  if (!isNew) return ok("server", `another Mayfly has things on this engine, which are left alone (${said})`);
  return warn(
    "server",
    `this state folder has nothing on the engine, and another one has (${said})`,
    "If these were made with a state folder that was lost: mayfly doctor --adopt ID. If another Mayfly runs here: leave it.",
  );
}

/** Whose previews may do more than others: by repository, what the operator allows. */
export function checkAllowances(allowed: Readonly<Record<string, readonly string[]>>): Check[] {
  const said = Object.entries(allowed).filter(([, list]) => list.length > 0);
  if (said.length === 0) return [];
  const words = said.map(([repository, list]) => `${list.join(", ")} to ${repository}`);
  return [ok("allow", `the server file allows ${words.join("; ")}, forks excepted`)];
}
