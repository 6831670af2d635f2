/**
 * Every code we ever show, with the title that stands above it in the reference and the hint that is used
 * when the place of the failure knows no better one. `docs/reference/errors.md` is checked against this table.
 */
export const catalogue = {
  // The author's files (InputError)
  "yaml-invalid": { title: "The file is not valid YAML", hint: "Mend the syntax at the place named." },
  "yaml-too-large": {
    title: "The file is too large or expands too far",
    hint: "Keep Compose files under 1 MiB and aliases few.",
  },
  "unknown-key": { title: "A key is not known", hint: "Remove it, or check its spelling." },
  "invalid-value": {
    title: "A value has the wrong form",
    hint: "See the reference of this file for the forms accepted.",
  },
  "variable-missing": { title: "A required variable is not set", hint: "Set it under `variables:` in .mayfly.yaml." },
  "file-missing": { title: "A file that is named does not exist", hint: "Commit the file, or correct its path." },
  "file-exists": { title: "A file that would be written is there already", hint: "Move it away first." },
  "file-too-large": { title: "A file is larger than allowed", hint: "Make it smaller or leave it out." },
  "no-compose-file": {
    title: "The branch has no Compose file and no template fits",
    hint: "Add a compose.yaml or a Dockerfile, or name a template in .mayfly.yaml.",
  },
  "route-missing": { title: "No service can be shown", hint: "Name one in .mayfly.yaml: `routes: { web: 3000 }`." },
  "not-supported": {
    title: "Known, but not honored by this version",
    hint: "Remove it from the preview's files for now.",
  },
  "secret-missing": {
    title: "A secret that is asked for is not set",
    hint: "Ask the operator to set it under `secrets` of the repository in server.yaml, or leave it out.",
  },
  "secret-failed": {
    title: "A secret could not be read",
    hint: "Ask the operator: its source in server.yaml gave no value. `/redeploy` tries again.",
  },
  // What is refused (PolicyError)
  "policy-refused": {
    title: "Something in the stack is not allowed in a preview",
    hint: "See the findings for what to write instead.",
  },
  // Text and code (SourceError)
  "path-outside": {
    title: "A path leads outside the repository",
    hint: "Use a path inside the repository; symbolic links are not followed.",
  },
  "git-failed": {
    title: "git could not fetch the repository",
    hint: "Check github.web_url and that the token may read contents.",
  },
  "git-refused": {
    title: "The git server refused our token",
    hint: "Renew github.token; it needs read access to contents.",
  },
  "commit-missing": {
    title: "The commit is not on the git server any more",
    hint: "Push again, or comment /redeploy once the branch is back.",
  },
  "lfs-failed": {
    title: "A file of Git LFS could not be fetched",
    hint: "Check that it is pushed (`git lfs push --all origin BRANCH`), and that the token may read contents.",
  },
  // The operator's host (EngineError)
  "engine-unreachable": {
    title: "The Docker engine does not answer",
    hint: "Start it, or correct engine.host in server.yaml.",
  },
  "engine-refused": { title: "The Docker engine refused a call", hint: "See the engine's own message." },
  "firewall-refused": {
    title: "The firewall's rules could not be installed",
    hint: "Run it as root on the host; without --fix it prints them.",
  },
  "subnets-exhausted": {
    title: "No free subnet is left",
    hint: "Widen network.pool in server.yaml or remove previews.",
  },
  "memory-short": {
    title: "The machine has no memory for one more",
    hint: "Ask the operator: unpin a preview, or give the machine more memory. Each visit tries again.",
  },
  "disk-full": {
    title: "The engine's disk is almost full",
    hint: "Make room on the host (docker system df shows what takes it, docker builder prune frees builds), then comment /redeploy.",
  },
  "image-unavailable": {
    title: "An image can neither be found nor pulled",
    hint: "Check its name and tag, and that this host can reach its registry.",
  },
  "build-failed": {
    title: "An image did not build",
    hint: "Mend the Dockerfile step named; the whole build log is on the preview's page.",
  },
  "build-timeout": {
    title: "An image took too long to build",
    hint: "Make the build shorter, or raise builds.timeout in server.yaml.",
  },
  "build-out-of-memory": {
    title: "An image needed more memory to be built than a build may use",
    hint: "Let the step use less (fewer workers, a smaller heap), or let the operator raise builds.memory in server.yaml.",
  },
  "build-offline": {
    title: "A fork's image could not be built without a network",
    hint: "Push the branch to the repository itself, or let the operator set builds.fork_egress: internet in server.yaml.",
  },
  "service-exited": { title: "A service stopped before it was ready", hint: "Its last lines tell why." },
  "service-not-ready": {
    title: "A service did not become ready in time",
    hint: "Check that it listens on 0.0.0.0 and on the port named.",
  },
  "job-failed": { title: "A one-time job failed", hint: "Its last lines tell why." },
  "seed-failed": {
    title: "The seed data could not be loaded",
    hint: "Mend the seed file at the line the database names.",
  },
  "source-missing": {
    title: "A source that is named is not there for this preview",
    hint: "Ask the operator: sources are set in server.yaml (docs/sources.md).",
  },
  "source-failed": {
    title: "A source of the operator's gave no data",
    hint: "Ask the operator: `mayfly snapshot show NAME` tells why. `/redeploy` tries again.",
  },
  "snapshot-in-use": {
    title: "A snapshot is in use",
    hint: "`mayfly snapshot show` tells by whom; it can be removed when they are gone.",
  },
  "data-lost": {
    title: "A part of the preview's data was removed by somebody else",
    hint: "/reset gives the preview its data anew; do not prune volumes on this host.",
  },
  "check-failed": {
    title: "A check that has to pass failed",
    hint: "Its log is on the preview's page. Mend what it found, or say `required: false` of it.",
  },
  "probe-failed": { title: "The main page does not answer", hint: "It must answer below 500; see the service's log." },
  // Sources and their masks
  "mask-invalid": {
    title: "A rule of a source's mask does not fit its data",
    hint: "Mend the rule at the place named in server.yaml (docs/masking.md).",
  },
  "mask-incomplete": {
    title: "A sensitive source has columns that are neither masked nor kept",
    hint: "Say in its mask what each column becomes, or keep it (docs/masking.md).",
  },
  "dump-invalid": {
    title: "A source's dump holds something that cannot be masked",
    hint: "See docs/masking.md for what a dump may hold.",
  },
  "raw-data-found": {
    title: "Raw values were found in what should be masked",
    hint: "Mask the columns named as well (docs/masking.md); nothing was published.",
  },
  // GitHub (RemoteError)
  "forge-unreachable": { title: "GitHub does not answer", hint: "Nothing is lost: Mayfly tries again by itself." },
  "forge-unauthorized": {
    title: "GitHub does not accept our credentials",
    hint: "Renew github.token; or check that github.app's id and key belong together, and this machine's clock (docs/github.md).",
  },
  "forge-refused": { title: "GitHub refused a call", hint: "Check the token's permissions (docs/github.md)." },
  "forge-limited": {
    title: "GitHub's rate limit is reached",
    hint: "Nothing is lost: Mayfly goes on when the limit allows.",
  },
  // Calls of programs and people (InputError)
  usage: { title: "The command was not understood", hint: "See `mayfly --help`." },
  "nothing-changed": {
    title: "The command changed nothing",
    hint: "`mayfly show` tells how the preview is.",
  },
  unauthorized: {
    title: "The call is not signed in",
    hint: "Give a token: `Authorization: Bearer …` or MAYFLY_API_TOKEN.",
  },
  "rate-limited": {
    title: "Too many wrong tokens came from this address",
    hint: "Wait a minute, and give the right one: `Authorization: Bearer …` or MAYFLY_API_TOKEN.",
  },
  "sign-in-failed": {
    title: "Signing in with GitHub did not succeed",
    hint: "Open the dashboard and try again; if it stays so, the operator checks github.oauth in server.yaml.",
  },
  forbidden: { title: "The caller may not do this", hint: "Ask someone with write permission on the repository." },
  "not-found": { title: "There is no such thing here", hint: "`mayfly ls` shows the previews there are." },
  "bad-signature": {
    title: "The webhook's signature is wrong",
    hint: "Give GitHub and server.yaml the same github.webhook_secret.",
  },
  "body-invalid": { title: "The request body cannot be read", hint: "Send JSON in the form documented." },
  "body-too-large": { title: "The request body is too large", hint: "GitHub sends at most 25 MB." },
  "server-unreachable": {
    title: "No Mayfly server answers",
    hint: "Start one with `mayfly serve`, or name it with --server.",
  },
  "state-locked": {
    title: "Another Mayfly holds this state folder",
    hint: "Stop it first, take over from it with `mayfly serve --replace`, or give this one its own `state:`.",
  },
  "takeover-failed": {
    title: "The Mayfly that was to take over did not come up",
    hint: "See its log for why, then start it again. The one it asked goes on.",
  },
  internal: { title: "Mayfly made a mistake", hint: "Please report it with the log lines around it." },
} as const satisfies Record<string, { title: string; hint: string }>;

export type ErrorCode = keyof typeof catalogue;
