import { benchData } from "./data.ts";
import { benchGateway } from "./gateway.ts";
import { benchIntake } from "./intake.ts";
import { benchRedeploy } from "./redeploy.ts";
import { benchRender } from "./render.ts";
import { benchTeardown } from "./teardown.ts";
import { benchTimeToPreview } from "./time-to-preview.ts";
import { benchWake } from "./wake.ts";

const benches: Record<string, () => Promise<Record<string, unknown>>> = {
  data: benchData,
  gateway: benchGateway,
  intake: benchIntake,
  redeploy: benchRedeploy,
  render: benchRender,
  teardown: benchTeardown,
  "time-to-preview": benchTimeToPreview,
  wake: benchWake,
};

const [name = ""] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  console.error(`usage: npm run bench NAME, where NAME is ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}
// The last line is for programs; a missed target is told by its figure, not by the exit code.
console.log(JSON.stringify({ name, ...(await bench()) }));
