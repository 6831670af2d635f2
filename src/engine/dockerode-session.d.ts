/** Not in @types/dockerode: a BuildKit session that answers for registry credentials. Whoever opens it closes it. */
declare module "dockerode/lib/session.js" {
  export default function openSession(
    docker: import("dockerode"),
    auth: undefined,
    opened: (error: Error | null, sessionId: string | null, close: () => void) => void,
  ): void;
}
