import { z } from "zod";
import { choice, keys, planned } from "./explain.ts";
import { duration, size } from "./quantity.ts";

/** A secret as written: itself, or where it is. */
export const Secret = z.union(
  [z.string().min(1), z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })],
  "must be a text, { env: NAME } or { file: PATH }",
);
export type Secret = z.infer<typeof Secret>;

const positive = z.number().positive("must be above zero");
const count = z.number().int("must be a whole number").positive("must be above zero");
const url = z.string().regex(/^https?:\/\/[^\s/]+(\/\S*)?$/, "must be a URL such as https://mayfly.example.net");

const Repository = keys({
  limits: keys({
    cpus: positive.optional(),
    memory: size.optional(),
    pids: count.optional(),
    services: count.optional(),
  }).optional(),
  access: choice(["public"], ["link", "sign-in"]).optional(),
  forks: choice(["never"], ["allow"]).optional(),
  when: planned,
  ttl: planned,
  freeze_after: planned,
  stop_after: planned,
  max: planned,
  secrets: planned,
  allow: planned,
});
export type Repository = z.infer<typeof Repository>;

/** The server file as the operator writes it; `compose/server.example.yaml` shows every key. */
export const ServerFile = keys({
  domain: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, "must be a domain in lower case")
    .optional(),
  listen: z.string().optional(),
  public_url: url.optional(),
  dashboard: keys({ host: z.string() }).optional(),
  state: z.string().min(1).optional(),
  github: keys({
    api_url: url.optional(),
    web_url: url.optional(),
    token: Secret.optional(),
    webhook_secret: z.union([Secret, z.array(Secret)], "must be one secret or a list of them").optional(),
    poll: duration.optional(),
    app: planned,
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
  builds: keys({ parallel: count.optional(), timeout: duration.optional(), memory: planned }).optional(),
  defaults: Repository.optional(),
  repositories: z
    .record(z.string().regex(/^[\w.-]+\/([\w.-]+|\*)$/, "must be OWNER/NAME or OWNER/*"), Repository.nullable())
    .optional(),
  sources: planned,
  registries: planned,
  tokens: planned,
  notify: planned,
});
export type ServerFile = z.infer<typeof ServerFile>;
