import { z } from "zod";
import { duration, size } from "../config/quantity.ts";

const texts = z.array(z.string());
const variables = z.record(z.string(), z.string().nullable());

const Grant = z.object({
  source: z.string(),
  target: z.string().optional(),
  uid: z.string().optional(),
  gid: z.string().optional(),
  /** Octal in the canonical model. */
  mode: z
    .string()
    .transform((said) => Number.parseInt(said, 8))
    .optional(),
});
export type Grant = z.infer<typeof Grant>;
const grants = z.array(Grant);

/** One number is both limits. */
const Ulimit = z.union([z.number(), z.object({ soft: z.number(), hard: z.number() })]);

const Build = z.object({
  context: z.string().optional(),
  dockerfile: z.string().optional(),
  dockerfile_inline: z.string().optional(),
  target: z.string().optional(),
  args: variables.optional(),
  secrets: grants.optional(),
  additional_contexts: z.record(z.string(), z.string()).optional(),
  network: z.string().optional(),
  no_cache: z.boolean().optional(),
  pull: z.boolean().optional(),
  shm_size: size.optional(),
  extra_hosts: texts.optional(),
  ulimits: z.record(z.string(), Ulimit).optional(),
});
export type Build = z.infer<typeof Build>;

const Port = z.object({ target: z.number(), published: z.string().optional(), protocol: z.string() });

const Mount = z.object({
  type: z.string(),
  source: z.string().optional(),
  target: z.string(),
  read_only: z.boolean().optional(),
  volume: z.object({ nocopy: z.boolean().optional(), subpath: z.string().optional() }).optional(),
  tmpfs: z.object({ size: size.optional(), mode: z.number().optional() }).optional(),
});
export type Mount = z.infer<typeof Mount>;

const Healthcheck = z.object({
  test: texts
    .refine(
      (test) => ["CMD", "CMD-SHELL", "NONE"].includes(test[0] ?? "NONE"),
      "must begin with CMD, CMD-SHELL or NONE",
    )
    .optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  start_period: duration.optional(),
  start_interval: duration.optional(),
  retries: z.number().int().nonnegative("must not be negative").optional(),
  disable: z.boolean().optional(),
});
export type Healthcheck = z.infer<typeof Healthcheck>;

const Attachment = z.object({ aliases: texts.optional(), priority: z.number().optional() });

const resourceLimits = z.object({ cpus: z.number().optional(), memory: size.optional(), pids: z.number().optional() });

const Deploy = z.object({
  replicas: z.number().optional(),
  resources: z
    .object({ limits: resourceLimits.optional(), reservations: z.object({ memory: size.optional() }).optional() })
    .optional(),
  restart_policy: z.object({ condition: z.string().optional(), max_attempts: z.number().optional() }).optional(),
});

const Service = z.object({
  image: z.string().optional(),
  build: Build.optional(),
  environment: variables.optional(),
  command: texts.optional(),
  entrypoint: texts.optional(),
  ports: z.array(Port).optional(),
  expose: texts.optional(),
  depends_on: z
    .record(
      z.string(),
      z.object({
        condition: z.enum(
          ["service_started", "service_healthy", "service_completed_successfully"],
          "must be service_started, service_healthy or service_completed_successfully",
        ),
        required: z.boolean(),
      }),
    )
    .optional(),
  healthcheck: Healthcheck.optional(),
  volumes: z.array(Mount).optional(),
  tmpfs: texts.optional(),
  networks: z.record(z.string(), Attachment.nullable()).optional(),
  network_mode: z.string().optional(),
  links: texts.optional(),
  extra_hosts: texts.optional(),
  dns: texts.optional(),
  dns_search: texts.optional(),
  dns_opt: texts.optional(),
  user: z.string().optional(),
  group_add: texts.optional(),
  working_dir: z.string().optional(),
  hostname: z.string().optional(),
  domainname: z.string().optional(),
  container_name: z.string().optional(),
  init: z.boolean().optional(),
  tty: z.boolean().optional(),
  stdin_open: z.boolean().optional(),
  read_only: z.boolean().optional(),
  stop_signal: z.string().optional(),
  stop_grace_period: duration.optional(),
  restart: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  cap_add: texts.optional(),
  cap_drop: texts.optional(),
  ulimits: z.record(z.string(), Ulimit).optional(),
  sysctls: z.record(z.string(), z.string()).optional(),
  oom_score_adj: z.number().optional(),
  shm_size: size.optional(),
  mem_limit: size.optional(),
  mem_reservation: size.optional(),
  cpus: z.number().optional(),
  cpu_quota: z.number().optional(),
  cpu_period: z.number().optional(),
  cpu_shares: z.number().optional(),
  scale: z.number().optional(),
  pids_limit: z.number().optional(),
  profiles: texts.optional(),
  secrets: grants.optional(),
  configs: grants.optional(),
  deploy: Deploy.optional(),
});
export type Service = z.infer<typeof Service>;

/** The part of the canonical model that we honor, after the policy let it pass. */
export const ComposeModel = z.object({
  name: z.string().optional(),
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })).optional(),
  volumes: z.record(z.string(), z.unknown()).optional(),
});
export type ComposeModel = z.infer<typeof ComposeModel>;
