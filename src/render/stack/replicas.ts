import type { ComposeModel } from "../compose-model.ts";

/** The model without the services that are to have no replica: a preview runs one of each of the others. */
export function withoutAbsent(model: ComposeModel): ComposeModel {
  const present = Object.entries(model.services).filter(([, { scale, deploy }]) => (scale ?? deploy?.replicas) !== 0);
  return { ...model, services: Object.fromEntries(present) };
}
