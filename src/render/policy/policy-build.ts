import { z } from "zod";
import { child, toValue } from "../../config/yaml-node.ts";
import { ulimit } from "./policy-process.ts";
import { readContext } from "../stack/build-contexts.ts";
import { dockerfilePath } from "../stack/builds.ts";
import {
  asWritten,
  honor,
  leaveIt,
  refuse,
  rewrite,
  type Rows,
  type Subject,
  unless,
  when,
  whenKey,
} from "./policy-row.ts";
import { isRemote, leadsOutside } from "../repository-path.ts";

const inRepository = "Build from a path inside the repository.";
const whileBuilding = "Remove it: builds of previews get no access beyond their own files and the network.";
const loosened = "loosens the build's isolation, which a preview never gets";

const addresses = z.union([z.ipv4(), z.ipv6()]);
const isHost = (text: string) => addresses.safeParse(/^[\w.-]+=(.*)$/.exec(text)?.[1]).success;
const textOf = ({ node }: Subject) => String(toValue(node));

const cache = rewrite("build-cache", "not used, the engine's own cache is", leaveIt);
const attestation = rewrite("build-attestation", "not made, images stay on this host", leaveIt);

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
  "services.*.build.network": honor(
    "`none` holds; a fork's build has none anyhow, unless the operator says so",
    refuse("build-network", "leaves the builder's own network", whileBuilding, unless("default", "none")),
  ),
  "services.*.build.entitlements": refuse("build-entitlements", loosened, whileBuilding),
  "services.*.build.privileged": refuse("build-entitlements", loosened, whileBuilding, unless(false)),
  "services.*.build.isolation": refuse("build-entitlements", loosened, whileBuilding, unless("default")),
  "services.*.build.no_cache_filter": rewrite(
    "build-cache",
    "not used, the whole build is cached or not",
    "Say no_cache: true.",
  ),
  "services.*.build.no_cache": honor("holds when it is built: an unchanged context is not"),
  "services.*.build.pull": honor("holds when it is built: an unchanged context is not"),
  "services.*.build.cache_from": cache,
  "services.*.build.cache_to": cache,
  "services.*.build.tags": rewrite("build-tags", "not used, images are tagged by Mayfly", leaveIt),
  "services.*.build.labels": rewrite("labels", "not carried over to images", leaveIt),
  "services.*.build.platforms": rewrite("platform", "not used, images are built for the host's own platform", leaveIt),
  "services.*.build.provenance": attestation,
  "services.*.build.sbom": attestation,
  "services.*.build.additional_contexts.*": honor(
    "a directory of the repository, `service:NAME`, or `docker-image://NAME` as far as `image` is",
    refuse(
      "remote-context",
      "is fetched by the builder, and a preview is built from its own files",
      "Name a directory of the repository, `service:NAME`, or `docker-image://NAME`.",
      when("a URL or git repository", (subject) => readContext(textOf(subject)).kind === "remote"),
    ),
    refuse(
      "path-outside",
      "leads outside the repository",
      "Name a directory of the repository.",
      when("a path outside the repository", (subject) => {
        const source = readContext(textOf(subject));
        return source.kind === "path" && leadsOutside(source.path);
      }),
    ),
    refuse(
      "context-name",
      "is no name of a context",
      "Write it of lower-case letters, digits, `.`, `_`, `-` and `/`.",
      whenKey("named otherwise than images are", (name) => !/^[a-z0-9][a-z0-9._/-]{0,127}$/.test(name)),
    ),
  ),
  "services.*.build.shm_size": honor("counts towards what a build may use (`builds.memory`)"),
  "services.*.build.extra_hosts": honor(),
  "services.*.build.extra_hosts.*": honor(
    asWritten,
    refuse(
      "host-gateway",
      "is not a host's name with an address: builds do not reach this machine by name",
      "Write HOST=ADDRESS, or remove it.",
      when("other than `HOST=ADDRESS`", (subject) => !isHost(textOf(subject))),
    ),
  ),
  "services.*.build.ulimits.*": ulimit,
  "services.*.build.ulimits.*.soft": honor(),
  "services.*.build.ulimits.*.hard": honor(),
};

/** Seen from the context, which may itself lead outside: that is told there. */
function isOutside({ node, parent }: Subject): boolean {
  const dockerfile = String(toValue(node));
  const context = child(parent, "context");
  const from = context ? String(toValue(context)) : ".";
  if (dockerfile.startsWith("/")) return true;
  return !isRemote(from) && !leadsOutside(from) && leadsOutside(dockerfilePath({ context: from, dockerfile }));
}
