/** Why an upstream gave no answer. The gateway makes a page of it; a probe hands it on. */
export type ForwardFailure = {
  readonly reason: "unreachable" | "connect-timeout" | "answer-timeout" | "died" | "not-http" | "cut";
  readonly status: 502 | 504;
  /** The system's or the parser's own word, for the log: ECONNREFUSED, HPE_INVALID_CONSTANT. */
  readonly code: string;
};

const ours = {
  MAYFLY_CONNECT_TIMEOUT: { reason: "connect-timeout", status: 504 },
  MAYFLY_ANSWER_TIMEOUT: { reason: "answer-timeout", status: 504 },
  UNWRITABLE_REQUEST: { reason: "not-http", status: 502 },
  UNWRITABLE_ANSWER: { reason: "not-http", status: 502 },
  ETIMEDOUT: { reason: "connect-timeout", status: 504 },
  ECONNRESET: { reason: "died", status: 502 },
  EPIPE: { reason: "died", status: 502 },
} as const;

/** An error that `failureOf` reads, to end a socket or a request with. */
export function failureError(code: keyof typeof ours): NodeJS.ErrnoException {
  return Object.assign(new Error(`the upstream gave no answer: ${code}`), { code });
}

/** Reads a socket's, the parser's or our own error. */
export function failureOf(error: NodeJS.ErrnoException): ForwardFailure {
  const code = error.code ?? error.name;
  if (code in ours) return { ...ours[code as keyof typeof ours], code };
  const spoke = code.startsWith("HPE_") || code.startsWith("ERR_");
  return { reason: spoke ? "not-http" : "unreachable", status: 502, code };
}
