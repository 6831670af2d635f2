import { z } from "zod";

/** The path of a page. */
export const absolutePath = z.string().regex(/^\/[^\s?#]*$/, "must be a path such as /healthz");
