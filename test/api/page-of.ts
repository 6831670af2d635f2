import { type InMemory, serveApi, token } from "./in-memory-world.ts";

/** What a browser of somebody signed in sends. */
export const headers = { authorization: `Bearer ${token}`, accept: "text/html" };

/** A page of the dashboard, as its HTML. */
export async function pageOf(world: InMemory, path: string): Promise<string> {
  await using server = await serveApi(world);
  return await (await fetch(`${server.url}${path}`, { headers })).text();
}
