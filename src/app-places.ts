import { type ServerConfig, settingsFor } from "./config/server.ts";
import { type House, holdsPlace, type Turn, turnOf, whoIsCrowded, whoMayStart, whoWaits } from "./domain/admission.ts";
import type { Places } from "./reconcile/ports.ts";
import type { Store } from "./store/store.ts";

export type PlaceDesk = Places & {
  turnOf(key: string): Turn | null;
  /** How many have to stop for those who wait. */
  crowd(): ReturnType<typeof whoIsCrowded>;
};

/** Gives out the places that the server file allows. What it knows is in the store: a restart changes nobody's turn. */
export function createPlaces({ config, store }: { config: ServerConfig; store: Store }): PlaceDesk {
  const house = (): House => {
    const names = new Map(store.repositories.list().map(({ id, name }) => [id, name]));
    return {
      live: store.places.live(),
      lastAdmitted: store.places.lastAdmitted(),
      max: config.max,
      maxOf: (id) => settingsFor(config, names.get(id) ?? "").max,
    };
  };
  return {
    give: () => store.places.give(() => whoMayStart(house())),
    holds: (key) => store.places.live().some((each) => each.key === key && holdsPlace(each)),
    waiting: () => whoWaits(house()),
    turnOf: (key) => turnOf(key, house()),
    crowd: () => whoIsCrowded(house()),
  };
}
