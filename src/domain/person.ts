/** Somebody whom the forge knows. A login may pass to another person; the id does not. */
export type Person = { login: string; id: number };

/** What a person may do in a repository. */
export type Level = "none" | "read" | "write";
