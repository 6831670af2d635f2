import { buildRows } from "./policy-build.ts";
import { isolationRows } from "./policy-isolation.ts";
import { mountRows } from "./policy-mounts.ts";
import { networkRows } from "./policy-networks.ts";
import { processRows } from "./policy-process.ts";
import { resourceRows } from "./policy-resources.ts";
import { honor, leaveIt, refuse, rewrite, type Rows } from "./policy-row.ts";
import { secretRows } from "./policy-secrets.ts";
import { serviceRows } from "./policy-service.ts";

/**
 * Every key of the Compose specification: honored, rewritten or refused, and why. The judge, the reference
 * (`docs/compose.md`) and the tests read it here; a key that is not in it is refused. To change what a preview does with
 * a key, change its row.
 */
export const policyTable: Rows = {
  name: rewrite("name", "not used, the project is the preview's", leaveIt),
  version: honor("without meaning since Compose 2"),
  ...serviceRows,
  ...buildRows,
  ...mountRows,
  ...networkRows,
  ...resourceRows,
  ...isolationRows,
  ...processRows,
  ...secretRows,
  models: refuse("models", "Mayfly runs no models", "Run the model as a service of the stack, or point to one by URL."),
};
