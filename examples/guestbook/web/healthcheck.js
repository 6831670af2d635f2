// Exits 0 when the page can be served.
import { get } from "node:http";

get({ port: process.env.PORT ?? 3000, path: "/healthz", timeout: 2000 }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on("timeout", () => process.exit(1))
  .on("error", () => process.exit(1));
