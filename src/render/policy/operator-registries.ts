/** Registries that the operator has an account for: a team's stack may name them, also on our own network, a fork's none. */
export type OperatorRegistries = { hosts: readonly string[]; areOpen: boolean };

export const noRegistries: OperatorRegistries = { hosts: [], areOpen: false };
