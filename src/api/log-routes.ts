import { type Context, Hono } from "hono";
import { z } from "zod";
import { InputError } from "../domain/errors.ts";
import type { CallerEnv } from "./caller.ts";
import { eventStream, type StreamHouse } from "./event-stream.ts";
import type { ApiWorld, LogLine } from "./world.ts";

const LogQuery = z.object({
  service: z.string().max(255).optional(),
  check: z.string().max(60).optional(),
  follow: z.enum(["true", "1", "false", "0", ""]).optional(),
  tail: z.coerce.number().int().min(0).max(10_000).default(200),
  format: z.enum(["json", "text"]).default("json"),
});
type LogQuery = z.infer<typeof LogQuery>;

type Lines = (signal: AbortSignal, follow: boolean) => AsyncIterable<Omit<LogLine, "at">>;

/** `/logs` of services, `/build-logs` of images and `/check-logs` of a check: an event stream with `follow`, else an array or (`format=text`) a download. */
export function logRoutes(world: ApiWorld, house: StreamHouse): Hono<CallerEnv> {
  return new Hono<CallerEnv>()
    .get("/:id/logs", async (c) => {
      const { key, slug } = await c.get("sight").preview(c.req.param("id"));
      const query = readQuery(c);
      const { service = "", tail } = query;
      const lines: Lines = (signal, follow) =>
        world.logs(key, { ...(service !== "" && { service }), tail, follow, signal });
      return answer(c, { lines, query, house, name: `${slug}.log` });
    })
    .get("/:id/check-logs", async (c) => {
      const { key, slug } = await c.get("sight").preview(c.req.param("id"));
      const query = readQuery(c);
      const { check: service = "" } = query;
      const lines: Lines = async function* () {
        yield* world.checkLog(key, service).map((line) => ({ service, line }));
      };
      return answer(c, { lines, query, house, name: `${slug}-${service.replaceAll(/[^a-z0-9-]/g, "")}.log` });
    })
    .get("/:id/build-logs", async (c) => {
      const { key, slug } = await c.get("sight").preview(c.req.param("id"));
      const lines: Lines = (signal, follow) => world.buildLogs(key, { signal, follow });
      return answer(c, { lines, query: readQuery(c), house, name: `${slug}-build.log` });
    });
}

function readQuery(c: Context): LogQuery {
  const read = LogQuery.safeParse(c.req.query());
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new InputError(
    "invalid-value",
    `the parameter ${issue?.path.join(".") ?? ""} is not valid: ${issue?.message ?? ""}`,
    {
      hint: "Known are service=NAME, follow=true, tail=0…10000 and format=json or text.",
    },
  );
}

type Answering = { lines: Lines; query: LogQuery; house: StreamHouse; name: string };

async function answer(c: Context<CallerEnv>, { lines, query, house, name }: Answering): Promise<Response> {
  const stillSeen = () => c.get("sight").preview(c.req.param("id") ?? "");
  if (query.follow === "true" || query.follow === "1")
    return eventStream((signal) => lineEvents(lines(signal, true), stillSeen), house);
  const all = await Array.fromAsync(lines(AbortSignal.any([c.req.raw.signal, house.closing]), false));
  if (query.format === "json") return c.json(all);
  const text = all.map(({ service, line }) => `${service} | ${line}\n`).join("");
  return c.text(text, 200, {
    "content-disposition": `attachment; filename="${name}"`,
    "x-content-type-options": "nosniff",
  });
}

async function* lineEvents(lines: ReturnType<Lines>, stillSeen: () => Promise<unknown>) {
  for await (const line of lines) {
    await stillSeen();
    yield { event: "line", data: line };
  }
}
