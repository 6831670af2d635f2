import { orDrop, refuse, rewrite, type Rows, unless, when } from "./policy-row.ts";
import { toValue } from "../../config/yaml-node.ts";

const shared = "shares something of the host, and a preview is its own machine";
const loosened = "loosens the container's isolation, which a preview never gets";
const device = "asks for a device of the host, which a preview never gets";

/** What would open a container to the host, or to other containers. */
export const isolationRows: Rows = {
  "services.*.privileged": refuse("privileged", loosened, orDrop, unless(false)),
  "services.*.devices": refuse("devices", device, orDrop),
  "services.*.device_cgroup_rules": refuse("devices", device, orDrop),
  "services.*.gpus": refuse("devices", device, orDrop),
  "services.*.runtime": refuse("runtime", loosened, orDrop),
  "services.*.pid": refuse("host-namespace", shared, orDrop),
  "services.*.ipc": refuse("host-namespace", shared, orDrop, unless("private")),
  "services.*.uts": refuse("host-namespace", shared, orDrop),
  "services.*.userns_mode": refuse("host-namespace", shared, orDrop),
  "services.*.cgroup": refuse("host-namespace", shared, orDrop, unless("private")),
  "services.*.cgroup_parent": refuse("host-namespace", shared, orDrop),
  "services.*.volumes_from": refuse(
    "foreign-volumes",
    "mounts another container's files",
    "Name the volumes in both services.",
  ),
  "services.*.credential_spec": refuse("credential-spec", shared, orDrop),
  "services.*.use_api_socket": refuse(
    "docker-socket",
    "gives the container the engine's socket: a preview never gets it",
    orDrop,
    unless(false),
  ),
  "services.*.provider": refuse("provider", "runs a program on the host", orDrop),
  "services.*.isolation": rewrite(
    "isolation",
    "not used, it is for Windows",
    "Remove it.",
    when("other than `default`", ({ node }) => toValue(node) !== "default"),
  ),
};
