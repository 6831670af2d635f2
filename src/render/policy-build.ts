import { formatPath } from "../config/yaml-node.ts";
import { refuse } from "./findings.ts";
import { buildSecretRule } from "./policy-secrets.ts";
import { each, honored, later, refused, rewritten, type Rule, unless } from "./policy-rule.ts";

/** `BUILDKIT_SYNTAX` and its like choose another program to build with. */
const argsRule: Rule = ({ node, path }) => {
  if (node.kind !== "map") return [];
  return [...node.entries]
    .filter(([name]) => name.toUpperCase().startsWith("BUILDKIT_"))
    .map(([name, entry]) =>
      refuse(
        entry.key,
        "build-arg",
        `${formatPath([...path, name])} steers the builder itself`,
        "Remove it: Mayfly sets the builder's own arguments.",
      ),
    );
};

const whileBuilding = "Builds of previews get no access beyond their own files and the network.";
const unused = "Remove it, or leave it: it changes nothing here.";

/** What may stand under `build:`. */
export const buildRules: Record<string, Rule> = {
  context: honored, // where it leads is judged with the Dockerfile (`police-builds.ts`)
  dockerfile: honored,
  dockerfile_inline: honored,
  target: honored,
  args: argsRule,
  ssh: refused("build-ssh", "gives the build a key of the host", whileBuilding),
  network: unless(["default"], refused("build-network", "leaves the builder's own network", whileBuilding)),
  entitlements: refused("build-entitlements", "loosens the build's isolation", whileBuilding),
  privileged: unless([false], refused("build-entitlements", "loosens the build's isolation", whileBuilding)),
  isolation: refused("build-entitlements", "loosens the build's isolation", whileBuilding),
  cache_to: rewritten("build-cache", "is not used: the engine's own cache is", unused),
  tags: rewritten("build-tags", "are not used: images are tagged by Mayfly", unused),
  labels: rewritten("labels", "are not carried over to images", unused),
  pull: rewritten("build-pull", "is not used", unused),
  cache_from: later,
  additional_contexts: later,
  secrets: each(buildSecretRule),
  shm_size: later,
  extra_hosts: later,
  ulimits: later,
  platforms: later,
  no_cache: later,
  provenance: later,
  sbom: later,
};
