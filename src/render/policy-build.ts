import { child, toValue } from "../config/yaml-node.ts";
import { dockerfilePath } from "./builds.ts";
import {
  asWritten,
  honor,
  later,
  leaveIt,
  refuse,
  rewrite,
  type Rows,
  type Subject,
  unless,
  when,
  whenKey,
} from "./policy-row.ts";
import { isRemote, leadsOutside } from "./repository-path.ts";

const inRepository = "Build from a path inside the repository.";
const whileBuilding = "Remove it: builds of previews get no access beyond their own files and the network.";
const loosened = "loosens the build's isolation, which a preview never gets";

const textOf = ({ node }: Subject) => String(toValue(node));

/** What may stand under `build:`. Where a context leads, and what its Dockerfile does, is judged by `police-builds.ts`. */
export const buildRows: Rows = {
  "services.*.build": honor("one image for services that build the same, tagged by Mayfly"),
  "services.*.build.context": honor(
    "a directory of the repository",
    refuse(
      "remote-context",
      "is fetched by the builder, and a preview is built from its own files",
      inRepository,
      when("a URL or git repository", (subject) => isRemote(textOf(subject))),
    ),
    refuse(
      "path-outside",
      "leads outside the repository",
      inRepository,
      when("a path outside the repository", (subject) => leadsOutside(textOf(subject))),
    ),
  ),
  "services.*.build.dockerfile": honor(
    "judged line by line",
    refuse(
      "path-outside",
      "leads outside the repository",
      inRepository,
      when("a path outside the repository", isOutside),
    ),
  ),
  "services.*.build.dockerfile_inline": honor("judged line by line"),
  "services.*.build.target": honor(),
  "services.*.build.args": honor(),
  "services.*.build.args.*": honor(
    asWritten,
    refuse(
      "build-arg",
      "steers the builder itself",
      "Remove it: Mayfly sets the builder's own arguments.",
      whenKey("named `BUILDKIT_…`", (name) => name.toUpperCase().startsWith("BUILDKIT_")),
    ),
  ),
  "services.*.build.ssh": refuse("build-ssh", "gives the build a key of the host", whileBuilding),
  "services.*.build.network": refuse(
    "build-network",
    "leaves the builder's own network",
    whileBuilding,
    unless("default"),
  ),
  "services.*.build.entitlements": refuse("build-entitlements", loosened, whileBuilding),
  "services.*.build.privileged": refuse("build-entitlements", loosened, whileBuilding, unless(false)),
  "services.*.build.isolation": refuse("build-entitlements", loosened, whileBuilding),
  "services.*.build.cache_to": rewrite("build-cache", "not used, the engine's own cache is", leaveIt),
  "services.*.build.tags": rewrite("build-tags", "not used, images are tagged by Mayfly", leaveIt),
  "services.*.build.labels": rewrite("labels", "not carried over to images", leaveIt),
  "services.*.build.pull": rewrite("build-pull", "not used", leaveIt),
  "services.*.build.cache_from": later(),
  "services.*.build.additional_contexts": later(),
  "services.*.build.shm_size": later(),
  "services.*.build.extra_hosts": later(),
  "services.*.build.ulimits": later(),
  "services.*.build.platforms": later(),
  "services.*.build.no_cache": later(),
  "services.*.build.provenance": later(),
  "services.*.build.sbom": later(),
};

/** Seen from the context, which may itself lead outside: that is told there. */
function isOutside({ node, parent }: Subject): boolean {
  const dockerfile = String(toValue(node));
  const context = child(parent, "context");
  const from = context ? String(toValue(context)) : ".";
  if (dockerfile.startsWith("/")) return true;
  return !isRemote(from) && !leadsOutside(from) && leadsOutside(dockerfilePath({ context: from, dockerfile }));
}
