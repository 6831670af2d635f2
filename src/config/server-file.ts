import { z } from "zod";
import { type Allowance, allowances, isAllowance } from "../domain/allowance.ts";
import { firstTokenName, scopes, tokenName } from "../domain/token.ts";
import { keys } from "./explain.ts";
import { duration, share, size } from "./quantity.ts";
import { Sources } from "./sources.ts";

/** A secret as written: itself, or where it is. */
export const Secret = z.union(
  [z.string().min(1), z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })],
  "must be a text, { env: NAME } or { file: PATH }",
);
export type Secret = z.infer<typeof Secret>;

/** A preview's secret may also be what a command prints, such as a vault's client. */
const SecretSource = z.union(
  [Secret, z.strictObject({ command: z.string().min(1) })],
  "must be a text, { env: NAME }, { file: PATH } or { command: TEXT }",
);
export type SecretSource = z.infer<typeof SecretSource>;

const positive = z.number().positive("must be above zero");
const count = z.number().int("must be a whole number").positive("must be above zero");
const text = z.string().min(1, "must not be empty");
const url = z.string().regex(/^https?:\/\/[^\s/]+(\/\S*)?$/, "must be a URL such as https://mayfly.example.net");
const durationOrNever = z.union([duration, z.literal("never")], "must be a duration such as 15m, or never");
const cidr = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], "must be an address or a range such as 10.0.0.0/8");
const secretName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a name of letters, digits and _, such as STRIPE_KEY");

const repositoryName = z.string().regex(/^[\w.-]+\/([\w.-]+|\*)$/, "must be OWNER/NAME or OWNER/*");

const Repository = keys({
  limits: keys({
    cpus: positive.optional(),
    memory: size.optional(),
    pids: count.optional(),
    services: count.optional(),
  }).optional(),
  when: keys({
    drafts: z.boolean().optional(),
    bots: z.boolean().optional(),
    label: text.optional(),
    paths: z.array(text).optional(),
  }).optional(),
  ttl: duration.optional(),
  max: count.optional(),
  access: z.enum(["public", "link", "sign-in"], "must be public, link or sign-in").optional(),
  forks: z.enum(["allow", "never"], "must be allow or never").optional(),
  secrets: z.record(secretName, SecretSource).optional(),
  freeze_after: durationOrNever.optional(),
  stop_after: durationOrNever.optional(),
  git: keys({
    lfs: z.boolean().optional(),
    submodules: z.array(repositoryName).optional(),
  }).optional(),
  allow: z
    .array(
      z.custom<Allowance>(
        (value) => typeof value === "string" && isAllowance(value),
        `must be one of ${Object.keys(allowances).join(", ")}`,
      ),
    )
    .optional(),
});
export type Repository = z.infer<typeof Repository>;

const Token = keys({
  name: z
    .string()
    .regex(tokenName.pattern, tokenName.words)
    .refine((name) => name !== firstTokenName, `must not be ${firstTokenName}: that is the first token's`),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be the SHA-256 of the token in hex: printf %s TOKEN | sha256sum"),
  scopes: z.array(z.enum(scopes, "must be read, deploy or admin")).min(1, "must not be empty"),
});

const Tokens = z.array(Token).superRefine((tokens, context) => {
  for (const [index, { name, sha256 }] of tokens.entries()) {
    const before = tokens.slice(0, index);
    const add = (key: string, message: string) => context.addIssue({ code: "custom", path: [index, key], message });
    if (before.some((each) => each.name === name)) add("name", "is another token's name, too");
    if (before.some((each) => each.sha256 === sha256)) add("sha256", "is another token's, too");
  }
});

const Channel = z.union(
  [Secret, keys({ url: Secret, level: z.enum(["info", "warn", "error"], "must be info, warn or error").optional() })],
  "must be a URL, { env: NAME }, { file: PATH } or { url, level }",
);
export type Channel = z.infer<typeof Channel>;

/** The server file as the operator writes it; `compose/server.example.yaml` shows every key. */
export const ServerFile = keys({
  domain: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
      "must be a domain in lower case without *., such as preview.example.com",
    )
    .optional(),
  listen: z.string("must be HOST:PORT, such as 127.0.0.1:8080").optional(),
  public_url: url.optional(),
  dashboard: keys({ host: z.string() }).optional(),
  trusted_proxies: z.array(cidr).optional(),
  clients: keys({ requests: count.optional(), connections: count.optional() }).optional(),
  state: z.string().min(1).optional(),
  github: keys({
    api_url: url.optional(),
    web_url: url.optional(),
    token: Secret.optional(),
    app: keys({ id: count, private_key: Secret }).optional(),
    oauth: keys({ client_id: text, client_secret: Secret }).optional(),
    webhook_secret: z.union([Secret, z.array(Secret)], "must be one secret or a list of them").optional(),
    poll: duration.optional(),
  }).optional(),
  engine: keys({
    host: z.string().regex(/^(unix:\/\/\/|tcp:\/\/).+/, "must begin with unix:/// or tcp://"),
  }).optional(),
  network: keys({
    pool: z
      .string()
      .regex(
        /^\d{1,3}(\.\d{1,3}){3}\/([89]|1\d|2[0-4])$/,
        "must be an IPv4 range between /8 and /24, such as 10.213.0.0/16",
      )
      .optional(),
    egress: z.enum(["internet", "none"], "must be internet or none").optional(),
  }).optional(),
  builds: keys({
    parallel: count.optional(),
    memory: size.optional(),
    timeout: duration.optional(),
    fork_egress: z.enum(["internet", "none"], "must be internet or none").optional(),
  }).optional(),
  max: count.optional(),
  memory: keys({ reserve: share.optional(), awake: duration.optional() }).optional(),
  disk: keys({ reserve: share.optional() }).optional(),
  defaults: Repository.optional(),
  repositories: z.record(repositoryName, Repository.nullable()).optional(),
  registries: z.record(text, keys({ username: text, password: Secret })).optional(),
  tokens: Tokens.optional(),
  notify: keys({ slack: Channel.optional(), teams: Channel.optional(), webhook: Channel.optional() }).optional(),
  audit: keys({ keep: duration }).optional(),
  telemetry: keys({ endpoint: url }).optional(),
  sources: Sources.optional(),
  data: keys({ budget: size }).optional(),
}).superRefine(({ github, defaults, repositories = {} }, context) => {
  if (github?.oauth !== undefined) return;
  const places = [
    { path: ["defaults", "access"], access: defaults?.access },
    ...Object.entries(repositories).map(([name, own]) => ({
      path: ["repositories", name, "access"],
      access: own?.access,
    })),
  ];
  for (const { path } of places.filter(({ access }) => access === "sign-in"))
    context.addIssue({ code: "custom", path, message: "is sign-in, which needs github.oauth (docs/sign-in.md)" });
});
export type ServerFile = z.infer<typeof ServerFile>;
