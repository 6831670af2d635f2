import { expect, test } from "vitest";
import { dataPlace } from "../../src/data/source/scratch.ts";

test.each([
  ["/var/lib/postgresql/data", ["/var/lib/postgresql/data"], "/var/lib/postgresql/data"],
  ["/var/lib/postgresql/18/docker", ["/var/lib/postgresql"], "/var/lib/postgresql"],
  ["/var/lib/postgresql/data", ["/backup", "/var/lib/postgresql/data/"], "/var/lib/postgresql/data"],
  ["/data/pg", ["/var/lib/postgresql/data"], "/data/pg"],
  ["/data/pg", ["/data/p", "/data"], "/data"],
  ["/data/pg", ["/data", "/data/pg"], "/data/pg"],
  ["/data/pg/", [], "/data/pg"],
])("the files of a database in %s, of an image with %j, are what is searched: %s", (pgdata, declared, place) => {
  expect(dataPlace(pgdata, declared)).toBe(place);
});
