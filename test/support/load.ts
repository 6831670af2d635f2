import type { Mayfly } from "../../demo/mayfly.ts";

/** Eight visitors who come again and again, half of them for what takes a while. */
export type Load = {
  answered(): number;
  /** Ends it; answers what was not the page, as `status body` (0: no answer), and how many requests there were. */
  end(): Promise<{ failed: string[]; requests: number }>;
};

/** Visits `url` and its `/slow` until it is ended. */
export function startLoad(mayfly: Pick<Mayfly, "visit">, url: string): Load {
  const stop = new AbortController();
  const answers: { status: number; body: string }[] = [];
  const visit = (address: string) =>
    mayfly.visit(address).catch((error: unknown) => ({ status: 0, body: error instanceof Error ? error.message : "" }));
  const visitors = Array.from({ length: 8 }, async (_, index) => {
    while (!stop.signal.aborted) answers.push(await visit(index % 2 ? url : `${url}/slow`));
  });
  return {
    answered: () => answers.length,
    async end() {
      stop.abort();
      await Promise.all(visitors);
      const failed = answers.filter(({ status }) => status !== 200);
      return {
        failed: failed.map(({ status, body }) => `${status} ${body.slice(0, 200)}`),
        requests: answers.length,
      };
    },
  };
}
