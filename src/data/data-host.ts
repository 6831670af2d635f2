import type Docker from "dockerode";
import type { Logger } from "pino";
import type { Clock, RandomId } from "../domain/time.ts";

/** The engine that data lives on, and what is the same for all of it. */
export type DataHost = {
  docker: Docker;
  /** This server's id: what does not carry it is never touched. */
  server: string;
  clock: Clock;
  randomId: RandomId;
  log: Logger;
};
