import { changingVerbs } from "../domain/verbs.ts";
import { audit } from "./audit.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { destroy } from "./destroy.ts";
import { doctor } from "./doctor.ts";
import { github } from "./github.ts";
import { init } from "./init.ts";
import { logs } from "./logs.ts";
import { ls } from "./ls.ts";
import { plan } from "./plan.ts";
import { render } from "./render.ts";
import { schema } from "./schema.ts";
import { serve } from "./serve.ts";
import { share } from "./share.ts";
import { show } from "./show.ts";
import { snapshot } from "./snapshot.ts";
import { token } from "./token.ts";
import { down, up } from "./up.ts";
import { verbCommand } from "./verb.ts";

/** Every command by its name, in the order of the help; the verbs come from their own table. */
export const commands: Readonly<Record<string, Command>> = {
  serve,
  up,
  down,
  ls,
  show,
  plan,
  init,
  render,
  schema,
  logs,
  ...Object.fromEntries(changingVerbs.map((verb) => [verb, verbCommand(verb)])),
  snapshot,
  destroy,
  doctor,
  token,
  allow: verbCommand("allow"),
  share,
  audit,
  github,
  demo,
};
