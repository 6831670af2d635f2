import { excerpt } from "../../config/excerpt.ts";
import type { Manifest } from "../../config/manifest.ts";
import { nodeAt, placeOf } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import type { SourceOffer } from "../../domain/source.ts";
import type { StackSpec } from "../../domain/stack.ts";
import { nearest } from "../../domain/verbs.ts";

/**
 * Throws InputError `source-missing` for a source that this pull request may not have, at its place in the manifest:
 * what is another repository's is no more told than what is not there. A null offer knows none, as without a server.
 */
export function checkSources({ seeds }: Pick<StackSpec, "seeds">, manifest: Manifest, offer: SourceOffer | null): void {
  if (offer === null) return;
  for (const { service, parts } of seeds) {
    for (const [index, part] of parts.entries()) {
      if (part.kind !== "source" || offer.names.includes(part.name)) continue;
      const inList = ["data", service, "seed", index];
      const at = nodeAt(manifest.node, inList) === undefined ? ["data", service, "source"] : inList;
      throw refusal(part.name, offer, placeOf(manifest.node, at));
    }
  }
}

function refusal(name: string, { names, closed }: SourceOffer, place: InputError["place"]): InputError {
  if (closed.includes(name)) {
    return new InputError("source-missing", `the source ${name} is not given to a fork's pull request`, {
      place,
      hint: `A branch of the repository itself gets it. The operator may open it to forks: sources: { ${name}: { forks: allow } }.`,
    });
  }
  const meant = nearest(name, names);
  const known = names.length === 0 ? "There are none for this repository" : `There are: ${names.join(", ")}`;
  return new InputError("source-missing", `there is no source "${excerpt(name)}"`, {
    place,
    hint:
      meant === undefined
        ? `${known}. The operator sets them in server.yaml (docs/sources.md).`
        : `Did you mean ${meant}?`,
  });
}
