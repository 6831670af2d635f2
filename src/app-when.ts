import { type ServerConfig, settingsFor } from "./config/server.ts";
import { isLocal } from "./domain/local.ts";
import type { Preview } from "./domain/preview.ts";
import type { Clock } from "./domain/time.ts";
import { decidePull, decideTakeBack, decideVerb, needsFiles, type Rules } from "./intake/decide.ts";
import type { Deciders } from "./reconcile/refresh.ts";

const anything: Rules["when"] = { drafts: true, bots: true, label: null, paths: [] };

/** Gives each decision the settings of its repository, and the time. */
export function createDeciders({ config, clock }: { config: ServerConfig; clock: Clock }): Deciders {
  const rulesOf = ({ repository, repositoryId }: Preview): Rules => {
    const { when } = settingsFor(config, repository) ?? config.defaults;
    // Who says `mayfly up` wants it.
    return { now: clock.now(), when: isLocal(repositoryId) ? anything : when };
  };
  return {
    needsFiles: (preview, pull) => needsFiles(preview, pull, rulesOf(preview).when),
    decidePull: (preview, pull, files) => decidePull(preview, pull, rulesOf(preview), files),
    decideVerb: (preview, said) => decideVerb(preview, said, rulesOf(preview)),
    decideTakeBack,
  };
}
