import type { StackSpec } from "./stack.ts";

/**
 * What an operator can allow the previews of a repository beyond what any preview may, and what that opens. Each widens
 * what a container may do to itself and to its preview, none leads to the host's files or to other previews.
 */
export const allowances = {
  "cap_add:SYS_PTRACE": "debuggers and profilers read the memory of other processes of their container",
  "cap_add:NET_ADMIN": "tunnels and packet filters change the network of their container",
} as const;

export type Allowance = keyof typeof allowances;

/** True for what an operator can allow. */
export function isAllowance(text: string): text is Allowance {
  return Object.hasOwn(allowances, text);
}

/** What of this a stack makes use of. */
export function allowancesOf(stack: StackSpec | null): Allowance[] {
  const asked = (stack?.services ?? []).flatMap(({ capAdd = [] }) => capAdd.map((name) => `cap_add:${name}`));
  return [...new Set(asked.filter(isAllowance))].toSorted();
}
