import { explain } from "../diagnose/explain.ts";
import { describeFailure, EngineError, type Failure } from "../domain/errors.ts";
import type { ContainerFacts } from "../domain/facts.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import { belongsTo } from "../plan/identity.ts";
import type { World } from "./world.ts";

type About = { key: string; stack: StackSpec | null };

/** What is done without an answer for so long is told without its cause. */
const lookMs = 15_000;

/**
 * What was thrown as it is stored and shown, with its cause where one is found: the service's container is looked at,
 * while it is there. Looking is not worth a failure of its own.
 */
export async function explainFailure(
  error: unknown,
  about: About,
  world: Pick<World, "engine" | "log">,
  signal: AbortSignal,
): Promise<Failure> {
  const failure = describeFailure(error);
  // What our own host or somebody else's keeps from going on is no fault of the branch.
  if (failure.retry === "backoff") return failure;
  const { health = null, answer = null } = error instanceof EngineError ? error : {};
  const { stack } = about;
  const service = stack?.services.find(({ name }) => name === failure.service) ?? null;
  const { container, state } = await look({ ...about, service: service?.name ?? null }, world, signal);
  return explain({ failure, stack, service, container, health, answer, neighbors: state?.containers ?? [] });
}

type Looked = { container: ContainerFacts | null; state: StackState | null };

async function look(
  { key, stack, service }: About & { service: string | null },
  { engine, log }: Pick<World, "engine" | "log">,
  signal: AbortSignal,
): Promise<Looked> {
  if (stack === null || service === null) return { container: null, state: null };
  const over = AbortSignal.any([signal, AbortSignal.timeout(lookMs)]);
  try {
    const state = await engine.observe(key);
    const own = state.containers.filter((each) => each.service === service);
    const found =
      own.find(({ generation }) => generation === stack.generation) ??
      own.find((each) => belongsTo(each, stack.generation, state));
    if (found === undefined) return { container: null, state };
    const which = { container: found.name, preview: key, generation: found.generation };
    return {
      container: await engine.gatherFacts(which, over),
      state,
    };
  } catch (error) {
    if (!(error instanceof EngineError) && !over.aborted) throw error;
    log.warn({ preview: key, service, err: error }, "what failed could not be looked at");
    return { container: null, state: null };
  }
}
