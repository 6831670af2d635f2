import { child, toValue } from "../../config/yaml-node.ts";
import { isReservedLabel } from "../../domain/labels.ts";
import { parseDuration } from "../../domain/time.ts";
import { imageCases } from "./policy-image.ts";
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

/** The longest that a container of a preview may take to stop. */
export const longestGraceMs = 60_000;

const textOf = ({ node }: Subject) => String(toValue(node));
const labels = rewrite("labels", "not given to the engine", leaveIt);

/** Told while files are read: what is refused there never comes here. */
const remoteFile = refuse(
  "remote-file",
  "is fetched by Compose, and a preview runs what its commit holds",
  "Commit a copy of the file and name that.",
  when("a file elsewhere", ({ node }) => isRemote(String(toValue(node)))),
);

/** What a service runs, and how. */
export const serviceRows: Rows = {
  "services.*.image": honor("pulled when it is missing", ...imageCases),
  "services.*.pull_policy": rewrite("pull-policy", "not used, images are pulled when they are missing", leaveIt),
  "services.*.pull_refresh_after": rewrite("pull-policy", "not used, images are pulled when they are missing", leaveIt),
  "services.*.platform": rewrite("platform", "not used, images run on the host's own platform", leaveIt),
  "services.*.command": honor(),
  "services.*.entrypoint": honor(),
  "services.*.environment": honor(),
  "services.*.env_file.*": honor(
    asWritten,
    refuse(
      "path-outside",
      "leads outside the repository",
      "Commit the file, or set the variables under `environment:`.",
      when("a path outside the repository", ({ node }) => leadsOutside(String(toValue(child(node, "path") ?? node)))),
    ),
  ),
  "services.*.env_file.*.path": honor(),
  "services.*.env_file.*.required": honor(),
  "services.*.env_file.*.format": refuse("unknown-format", "is not known", "Remove it, or write raw.", unless("raw")),
  "services.*.user": honor(),
  "services.*.working_dir": honor(),
  "services.*.hostname": honor(),
  "services.*.container_name": rewrite(
    "container-name",
    "becomes a network alias",
    "Containers are named by the preview; the name still resolves.",
  ),
  "services.*.ports.*": honor(
    "a port that others are promised, and a candidate for the preview's link",
    rewrite(
      "port-published",
      "not published on the host",
      "Inside the stack it is reached by name, and what is routed at the preview's own link.",
      when("with a port of the host", ({ node }) => child(node, "published") !== undefined),
    ),
  ),
  "services.*.ports.*.target": honor(),
  "services.*.ports.*.published": honor("not published on the host"),
  "services.*.ports.*.host_ip": honor("not published on the host"),
  "services.*.ports.*.protocol": honor("TCP ports are waited for"),
  "services.*.ports.*.mode": honor("without meaning in a preview"),
  "services.*.ports.*.name": honor("without meaning in a preview"),
  "services.*.ports.*.app_protocol": honor("without meaning in a preview"),
  "services.*.expose": honor("ports that others are promised"),
  "services.*.depends_on.*.condition": honor(),
  "services.*.depends_on.*.required": honor(),
  "services.*.depends_on.*.restart": rewrite(
    "depends-restart",
    "not used, a service restarts by itself",
    leaveIt,
    unless(false),
  ),
  "services.*.healthcheck.test": honor("run by Mayfly at once and again"),
  "services.*.healthcheck.interval": honor(),
  "services.*.healthcheck.timeout": honor(),
  "services.*.healthcheck.start_period": honor(),
  "services.*.healthcheck.start_interval": honor(),
  "services.*.healthcheck.retries": honor(),
  "services.*.healthcheck.disable": honor(),
  "services.*.restart": honor(
    asWritten,
    refuse(
      "invalid-value",
      "must be no, always, on-failure or unless-stopped",
      'Quote it: restart: "no".',
      when("anything else", (subject) => !/^(no|always|unless-stopped|on-failure(:\d+)?)$/.test(textOf(subject))),
    ),
  ),
  "services.*.init": honor(),
  "services.*.tty": honor(),
  "services.*.stdin_open": honor(),
  "services.*.read_only": honor(),
  "services.*.stop_signal": honor(),
  "services.*.stop_grace_period": honor(
    asWritten,
    rewrite(
      "grace-capped",
      "1m at most in a preview",
      "Let the service stop sooner.",
      when("more than 1m", (subject) => (parseDuration(textOf(subject)) ?? 0) > longestGraceMs),
    ),
  ),
  // Labels of a branch would steer other programs of the host, such as a proxy or an updater.
  "services.*.labels": labels,
  "services.*.labels.*": honor(
    "not given to the engine",
    refuse("reserved-label", "is reserved", "Remove it: Mayfly sets its own.", whenKey("one of ours", isReservedLabel)),
  ),
  "services.*.label_file.*": honor(
    "not given to the engine",
    refuse(
      "path-outside",
      "leads outside the repository",
      "Commit the file, or write the labels under `labels:`.",
      when("a path outside the repository", ({ node }) => leadsOutside(String(toValue(node)))),
    ),
  ),
  "services.*.annotations": rewrite("labels", "not given to the engine", leaveIt),
  "services.*.logging": rewrite("logging", "not used, logs are kept and rotated by Mayfly", leaveIt),
  "services.*.profiles": honor(
    "services with profiles are started where COMPOSE_PROFILES names one of them: in `.env`, or under `variables:`",
  ),
  "services.*.extends": honor("merged in before anything is judged"),
  "services.*.extends.service": honor(),
  "services.*.extends.file": honor(asWritten, remoteFile),
  "services.*.models": refuse(
    "models",
    "Mayfly runs no models",
    "Run the model as a service of the stack, or point to one by URL.",
  ),
  "services.*.post_start": refuse(
    "hook",
    "run by `docker compose up` in a container that runs already, and nothing waits for it in a preview",
    "Write it into the command, or as a service of its own that others wait for: condition: service_completed_successfully.",
  ),
  "services.*.pre_stop": refuse(
    "hook",
    "run by `docker compose down`, and a preview also ends without it",
    "Let the program act on its stop signal.",
  ),
  "services.*.pre_start": refuse(
    "hook",
    "run by `docker compose up` before the service starts, and nothing runs it in a preview",
    "Write it as a service of its own that others wait for: condition: service_completed_successfully.",
  ),
  "services.*.develop": honor("read by `docker compose watch` only"),
  "services.*.attach": honor("read by the terminal of `docker compose up` only"),
  include: honor("merged in before anything is judged"),
  "include.*.path": honor(asWritten, remoteFile),
  "include.*.project_directory": honor(),
  "include.*.env_file": honor(),
};
