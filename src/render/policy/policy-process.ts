import { toValue } from "../../config/yaml-node.ts";
import { isAllowance } from "../../domain/allowance.ts";
import {
  asWritten,
  honor,
  leaveIt,
  note,
  orDrop,
  refuse,
  rewrite,
  type Rows,
  type Subject,
  when,
  whenKey,
} from "./policy-row.ts";
import {
  capabilityName,
  isCappedUlimit,
  isHarmlessCapability,
  isOwnSysctl,
  leftOutCapabilities,
  mostCpuShares,
  ulimitNames,
} from "../stack/service-process.ts";

const capabilityOf = ({ node }: Subject) => capabilityName(String(toValue(node)));
const askedOf = (subject: Subject) => `cap_add:${capabilityOf(subject)}`;
const isAllowed = (subject: Subject) => subject.given.allow.some((allowed) => allowed === askedOf(subject));

/** One of the limits of a process. */
export const ulimit = honor(
  asWritten,
  rewrite(
    "ulimit-left-out",
    "left out, it is a priority over the host's other work",
    leaveIt,
    whenKey(
      `anything but ${ulimitNames.map((name) => `\`${name}\``).join(", ")}`,
      (name) => !ulimitNames.includes(name),
    ),
  ),
  rewrite(
    "ulimit-capped",
    "lowered to what a preview may have",
    leaveIt,
    when("`nofile` above 1048576, `sigpending` above 128000, `msgqueue` above 8 MiB, or a `core` dump", isCapped),
  ),
);

/** What a service's processes may do, and what they are given, beside their command. */
export const processRows: Rows = {
  "services.*.cap_add.*": honor(
    "of those that the engine gives by itself, and `IPC_LOCK`",
    rewrite(
      "capability-left-out",
      "left out, it would take CPU time from the host; what asks for it runs without",
      leaveIt,
      when("`SYS_NICE`", (subject) => leftOutCapabilities.includes(capabilityOf(subject))),
    ),
    note(
      "widened",
      "allowed by the operator",
      "`allow:` of this repository in the server file says so.",
      when("`SYS_PTRACE`, `NET_ADMIN`, where the operator allows it", (subject) => isAllowed(subject)),
    ),
    refuse(
      "cap-add",
      "loosens the container's isolation, and the operator does not allow it",
      `${orDrop} Or ask the operator for an \`allow:\` of it.`,
      when("`SYS_PTRACE`, `NET_ADMIN`, where the operator does not", (subject) => isAllowance(askedOf(subject))),
    ),
    refuse(
      "cap-add",
      "loosens the container's isolation, which a preview never gets",
      orDrop,
      when("any other capability", (subject) => !isHarmlessCapability(capabilityOf(subject))),
    ),
  ),
  "services.*.cap_drop": honor(),
  "services.*.security_opt.*": honor(
    "`no-new-privileges` always holds",
    rewrite(
      "security-opt",
      "left out, the container's isolation stays as it is",
      leaveIt,
      when(
        "anything but `no-new-privileges`",
        ({ node }) => !/^no-new-privileges([:=]true)?$/.test(String(toValue(node))),
      ),
    ),
  ),
  "services.*.sysctls.*": honor(
    "of the container's own network",
    rewrite(
      "sysctl",
      "left out, it is the machine's",
      "Remove it, or ask the operator to set it on the host.",
      whenKey(
        "anything but `net.ipv4.*`, `net.ipv6.*`, `net.core.somaxconn` and `net.unix.max_dgram_qlen`",
        (name) => !isOwnSysctl(name),
      ),
    ),
  ),
  "services.*.ulimits.*": ulimit,
  "services.*.ulimits.*.soft": honor(),
  "services.*.ulimits.*.hard": honor(),
  "services.*.group_add": honor(),
  "services.*.oom_score_adj": honor(
    asWritten,
    rewrite(
      "oom-score",
      "0, nothing of a preview outlives the host's own work",
      leaveIt,
      when("below 0", ({ node }) => Number(toValue(node)) < 0),
    ),
  ),
  "services.*.cpu_shares": honor(
    asWritten,
    rewrite(
      "cpu-shares-capped",
      `${mostCpuShares}, the usual weight`,
      leaveIt,
      when(`above ${mostCpuShares}`, ({ node }) => Number(toValue(node)) > mostCpuShares),
    ),
  ),
};

function isCapped({ node, path }: Subject): boolean {
  return isCappedUlimit(String(path.at(-1)), toValue(node) as number | { soft: number; hard: number });
}
