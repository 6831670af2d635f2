import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCollector, maskingIn } from "../../../src/data/mask/collect.ts";
import { mariadbCatalogQuery, mariadbDumpOptions, readMariadbCatalog } from "../../../src/data/mask/mariadb/catalog.ts";
import { columnAt, readInsert, readLiterals, writeLiteral } from "../../../src/data/mask/mariadb/insert.ts";
import { maskMariadbDump } from "../../../src/data/mask/mariadb/mask-dump.ts";
import { planMask } from "../../../src/data/mask/plan.ts";
import { searchMariadbDump } from "../../../src/data/mask/mariadb/search-dump.ts";
import { createSearch, searchStream } from "../../../src/data/mask/search.ts";
import { createWorld, type World } from "../../engine/world.ts";
import { eventually } from "../../support/eventually.ts";
import { oddMariadb } from "./odd-mariadb.ts";
import { people } from "./people.ts";
import { column, pieces, rules, run, salt, textOf } from "./world.ts";

describe("a row of MariaDB", () => {
  test.each([String.raw`1,'a\'b\\c\n\0\Z','it''s',NULL,0x00FF,-1.5e-10,''`, String.raw`'),(2,\'x',NULL`, "3"])(
    "%s is read as it was written",
    (values) => {
      const literals = readLiterals(values);
      expect(literals?.map(writeLiteral).join(",")).toBe(values.replaceAll("''s", "\\'s"));
    },
  );

  test.each(["1,", "'a", "NOW()", "1 + 1", "'a' 'b'", "0xZZ", "", "1;2"])("%s is no row", (values) => {
    expect(readLiterals(values)).toBeNull();
  });

  test("may hold as much as a column can", () => {
    const long = ["a", String.raw`\n`, "''", "ä"].map((each) => `'${each.repeat(12_000_000 / each.length)}'`);
    const line = `INSERT INTO \`t\` (\`a\`, \`b\`, \`c\`, \`d\`, \`e\`) VALUES (${[...long, `0x${"0a".repeat(12_000_000)}`].join(",")});\n`;
    const insert = readInsert(line);
    const lengths = readLiterals(insert?.values ?? "")?.map((each) => ("text" in each ? each.text.length : 0));
    expect(lengths).toEqual([12_000_000, 6_000_000, 6_000_000, 12_000_000, 24_000_000]);
    expect(insert && columnAt(insert, line.length - 10)).toBe("e");
  });

  test("is told by its table and columns, whatever their names", () => {
    expect(readInsert("INSERT INTO `a``b` (`x, y`, `)`) VALUES (1,')');\n")).toEqual({
      table: "a`b",
      columns: ["x, y", ")"],
      values: "1,')'",
      from: 41,
    });
    expect(readInsert("INSERT INTO `a` VALUES (1);\n")).toBeNull();
    expect(readInsert("INSERT INTO `a` (`b`) SELECT 1;\n")).toBeNull();
  });
});

describe("a dump of MariaDB", () => {
  const end = "-- Dump completed\n";
  const masked = (dump: string, size: number) => {
    const columns = [column(".users.a", { schema: "" }), column("users.b", { schema: "", generated: true })];
    const plan = planMask({
      source: { name: "s", sensitive: false },
      columns,
      rules: rules(["users", "a", { kind: "constant", value: "x'" }]),
      salt,
    });
    return textOf(maskMariadbDump(pieces(Buffer.from(dump), size), plan, createCollector(maskingIn(plan))));
  };

  test.each([1, 7, 1000])("passes what is known and masks rows, in pieces of %i bytes", async (size) => {
    const around =
      "SET a=1;\n/*!50001 CREATE VIEW `v`\n AS SELECT 1 */;\nDELIMITER ;;\nCREATE PROCEDURE p() BEGIN\nINSERT INTO users VALUES (1); END ;;\nDELIMITER ;\n";
    const row = (a: string, b: string) => `INSERT INTO \`users\` (\`a\`, \`b\`) VALUES (${a},${b});\n`;
    const dump = `-- a comment\n${around}${row("'ä; b\\'c'", "'computed'")}${row("NULL", "NULL")}${end}`;
    expect(await masked(dump, size)).toBe(`${around}${row("'x\\''", "DEFAULT")}${row("NULL", "DEFAULT")}${end}`);
  });

  test.each([
    [
      "INSERT INTO `users` (`a`) VALUES ('x'),('y');\n",
      "line 1 of the dump has an INSERT that is not of one row of plain values",
    ],
    ["INSERT INTO `users` (`a`) VALUES ('x',1);\n", "has 2 values in place of 1 in a row of users"],
    ["INSERT INTO `other` (`a`) VALUES ('x');\n", "has rows of other, which its catalog did not tell"],
    ["INSERT INTO `users` (`new`) VALUES ('x');\n", "has values of users.new, which its catalog did not tell"],
    ["LOAD DATA INFILE 'x';\n", "has LOAD DATA INFILE, which may carry data"],
    ["/*!40000 INSERT INTO `users` VALUES (1) */;\n", "which may carry data"],
    ["CREATE USER a IDENTIFIED BY 'b';\n", "has CREATE USER a IDENTIFIED BY, which may carry data"],
    ["\\! id\n", "which may carry data"],
  ])("with %s is refused", async (text, message) => {
    await expect(masked(text + end, 1000)).rejects.toMatchObject({
      code: "dump-invalid",
      message: expect.stringContaining(message),
    });
  });

  const made = (definer: string) => `DELIMITER ;;
CREATE ${definer}PROCEDURE \`p\`()
SELECT 'DEFINER=\`a\`@\`b\` ' ;;
/*!50003 CREATE*/ ${definer && `/*!50017 ${definer.trim()}*/ `}/*!50003 TRIGGER t BEFORE INSERT ON users FOR EACH ROW SET NEW.a = 1 */;;
/*!50106 CREATE*/ ${definer && `/*!50117 ${definer.trim()}*/ `}/*!50106 EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1 */ ;;
DELIMITER ;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 ${definer}SQL SECURITY DEFINER */
/*!50001 VIEW \`v\` AS select 1 AS \`1\` */;
`;
  test.each(["DEFINER=`app`@`%` ", "DEFINER=`a``p p`@`10.1.%` ", "DEFINER=`role` "])(
    "belongs to who loads it: %swas its maker there",
    async (definer) => {
      expect(await masked(made(definer) + end, 1000)).toBe(made("") + end);
    },
  );

  test.each(["", " COMMENT='not CONNECTION=\\'x\\''"])("has no password of another server:%s", async (comment) => {
    const table = (connection: string) =>
      `CREATE TABLE \`f\` (\n  \`a\` int\n) ENGINE=FEDERATED${comment}${connection};\n`;
    expect(await masked(table(" CONNECTION='mysql://shop:it\\'s@10.0.0.1/db/t'") + end, 1000)).toBe(table("") + end);
  });

  test("has comments with many quotes, with a password behind them or without", async () => {
    for (const quotes of [24, 25, 1000]) {
      const table = (connection: string) =>
        `CREATE TABLE \`f\` (\n  \`a\` int\n) ENGINE=FEDERATED COMMENT='${"''".repeat(quotes)}'${connection};\n`;
      const start = performance.now();
      expect(await masked(table(" CONNECTION='''a''b'") + end, 1000)).toBe(table("") + end);
      expect(await masked(table(" COLLATE=x") + end, 1000)).toBe(table(" COLLATE=x") + end);
      expect(performance.now() - start).toBeLessThan(300);
    }
  });

  test("is searched, and what is found told with its column and line", async () => {
    const raw = String.raw`Ada \"the first\" O\'Raw`;
    const into = "INSERT INTO `us ers` (`a`, `) VALUES (`) VALUES ";
    const rows = `${into}('kept','x');\n${into}(NULL,'see ${raw}');\n`;
    const dump = Buffer.from(`SET a=1;\n${rows}CREATE TABLE \`t\` (\n  \`a\` text COMMENT '${raw}');\n${end}`);
    const values = [{ column: "users.name", text: `Ada "the first" O'Raw` }];
    for (const size of [1, 50, 10_000])
      expect((await searchMariadbDump(createSearch(values), pieces(dump, size))).map(({ where }) => where)).toEqual([
        "us ers.) VALUES (, line 3 of the masked dump",
        "the schema, line 5 of the masked dump",
      ]);
  });

  test("that is cut off is refused", async () => {
    for (const text of ["", "SET a=1;\n", `CREATE TABLE a (\n${end}`, `DELIMITER ;;\n${end}`])
      await expect(masked(text, 1000)).rejects.toMatchObject({ message: expect.stringContaining("cut off") });
  });
});

describe("a masked MariaDB", () => {
  let world: World;
  let remove = () => Promise.resolve();
  let sql: (text: string, database?: string) => Promise<string>;
  let dump: (database: string) => AsyncGenerator<Buffer>;
  beforeAll(async () => {
    world = await createWorld();
    const container = await world.docker.createContainer({
      name: world.name("mariadb"),
      Image: "mariadb:11",
      Labels: { "dev.mayfly.server": world.server },
      Env: ["MARIADB_ROOT_PASSWORD=secret", "MARIADB_DATABASE=shop"],
      HostConfig: { NetworkMode: "none" },
    });
    remove = () => container.remove({ force: true, v: true });
    await container.start();
    const login = ["--protocol=tcp", "--host=127.0.0.1", "--user=root", "--password=secret"];
    sql = async (text, database = "shop") =>
      (
        await textOf(
          run(container.id, ["mariadb", ...login, "--batch", "--raw", "--skip-column-names", database], text),
        )
      ).trim();
    dump = (database) => run(container.id, ["mariadb-dump", ...login, ...mariadbDumpOptions, database]);
    await eventually(() => sql("SELECT 1"), { timeoutMs: 100_000 });
  });
  afterAll(async () => {
    await remove();
    await world[Symbol.asyncDispose]();
  });

  test("has every kind of column, table and engine as it was", async () => {
    await sql(`CREATE DATABASE odd CHARACTER SET latin1`);
    await sql(oddMariadb, "odd");
    // What was made before the database's character set was changed is dumped with that one around it.
    await sql("CREATE PROCEDURE one() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "odd");
    await sql(
      "CREATE TRIGGER t BEFORE INSERT ON m1 FOR EACH ROW SET NEW.a = 1; ALTER DATABASE odd CHARACTER SET utf8mb4",
      "odd",
    );
    expect(await textOf(dump("odd"))).toMatch(/^ALTER DATABASE `odd` .* ;;$/m);
    const columns = readMariadbCatalog(await sql(mariadbCatalogQuery, "odd"));
    const kept = rules(["*", "*", "keep"]);
    const plan = planMask({ source: { name: "nightly", sensitive: true }, rules: kept, columns, salt });
    await sql("CREATE DATABASE same");
    await sql(await textOf(maskMariadbDump(dump("odd"), plan, createCollector(maskingIn(plan)))), "same");
    const rowsOf = async (database: string) =>
      (await textOf(dump(database)))
        .split("\n")
        .filter((line) => /^INSERT|^ {2}`/.test(line) && !line.includes("INTO `ver`"));
    expect(await rowsOf("same")).toEqual(await rowsOf("odd"));
    expect((await rowsOf("same")).length).toBeGreaterThan(50);
    expect(await sql("SELECT x FROM ver; CALL one()", "same")).toBe("2\n1");
  });

  test("joins keys that its collation takes for one, whatever their capitals and the spaces behind them", async () => {
    await sql(`CREATE DATABASE loose; USE loose; CREATE TABLE p (code varchar(40) PRIMARY KEY, nick varchar(40) UNIQUE);
CREATE TABLE c (id int, code varchar(40), nick char(30), FOREIGN KEY (code) REFERENCES p (code));
INSERT INTO p VALUES ('ABC-0000001', 'Ada'), ('Äbc-1', 'bob'); INSERT INTO c VALUES (1, 'abc-0000001', 'ADA'), (2, 'ABC-0000001  ', 'ada'), (3, 'Abc-0000001', 'aDa');`);
    const columns = readMariadbCatalog(await sql(mariadbCatalogQuery, "loose"));
    const written = rules(["*", "code", "hash"], ["*", "nick", "username"], ["c", "id", "keep"]);
    const plan = planMask({ source: { name: "nightly", sensitive: true }, rules: written, columns, salt });
    await sql("CREATE DATABASE tight");
    await sql(await textOf(maskMariadbDump(dump("loose"), plan, createCollector(maskingIn(plan)))), "tight");
    expect(await sql("SELECT count(*) FROM c JOIN p ON c.code = p.code AND c.nick = p.nick", "tight")).toBe("3");
  });

  test("keeps whole numbers of either kind in their columns, apart and joined", async () => {
    await sql(`CREATE DATABASE wide; USE wide; CREATE TABLE a (id int unsigned PRIMARY KEY, n smallint unsigned UNIQUE, big bigint unsigned UNIQUE, age int unsigned);
CREATE TABLE b (id bigint, n int);
INSERT INTO a SELECT 2147483640 + seq, 32760 + seq, 9223372036854775800 + seq, 7 FROM seq_1_to_300;
INSERT INTO a VALUES (4294967295, 65535, 18446744073709551615, 7); INSERT INTO b SELECT id, n FROM a;`);
    const columns = readMariadbCatalog(await sql(mariadbCatalogQuery, "wide"));
    const written = rules(["*", "*", "hash"], ["a", "age", { kind: "number", from: 4_000_000_000, to: 4_000_000_001 }]);
    const plan = planMask({ source: { name: "nightly", sensitive: true }, rules: written, columns, salt });
    await sql("CREATE DATABASE widened");
    await sql(await textOf(maskMariadbDump(dump("wide"), plan, createCollector(maskingIn(plan)))), "widened");
    const joined =
      "SELECT count(*), count(DISTINCT big), min(age) >= 4000000000 FROM a JOIN b ON a.id = b.id AND a.n = b.n";
    expect(await sql(joined, "widened")).toBe("301\t301\t1");
  });

  test("has the same rows, joined as before, and none of its raw values", async () => {
    const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    const users = people(1000).map(({ name, email, phone, born, code }) => {
      const profile = JSON.stringify({ email, said: `"${name}"\n` });
      return `(${[name, email, phone, born, code, profile].map(quote).join(",")}, x'${Buffer.from(name).toString("hex")}')`;
    });
    const orders = people(1000).map(
      ({ code, email }, index) => `(${quote(code)}, ${quote(`for ${email}\r\n\t\\ ${index}`)}, ${index}.25)`,
    );
    await sql(`CREATE TABLE users (id int AUTO_INCREMENT PRIMARY KEY, name varchar(80), email varchar(100) UNIQUE, phone varchar(30) UNIQUE, born date,
  code varchar(40) NOT NULL UNIQUE, profile json, photo blob, handle varchar(120) AS (concat(email, '!')) STORED);
CREATE TABLE orders (id bigint AUTO_INCREMENT PRIMARY KEY, user_code varchar(40) NOT NULL, note text, amount decimal(8, 2), FOREIGN KEY (user_code) REFERENCES users (code));
CREATE VIEW totals AS SELECT sum(amount) AS total FROM orders;
INSERT INTO users (name, email, phone, born, code, profile, photo) VALUES ${users.join(",")};
INSERT INTO orders (user_code, note, amount) VALUES ${orders.join(",")};
CREATE TRIGGER counted BEFORE INSERT ON orders FOR EACH ROW SET NEW.amount = NEW.amount;
CREATE DATABASE masked;`);
    const columns = readMariadbCatalog(await sql(mariadbCatalogQuery));
    const written = rules(
      ["users", "name", "name"],
      ["users", "email", "email"],
      ["users", "phone", "phone"],
      ["users", "born", { kind: "shift", days: 20 }],
      ["*", "*code", "hash"],
      ["users", "profile", { kind: "json", keys: [{ key: "email", masking: { kind: "email" } }] }],
      ["users", "photo", "hash"],
      ["orders", "note", "text"],
      ["orders", "amount", { kind: "number", from: 1, to: 9 }],
      ["*", "id", "keep"],
    );
    const plan = planMask({ source: { name: "nightly", sensitive: true }, rules: written, columns, salt });
    const collector = createCollector(maskingIn(plan));
    await sql(await textOf(maskMariadbDump(dump("shop"), plan, collector)), "masked");
    const joined =
      "SELECT count(*), count(DISTINCT email), count(DISTINCT phone) FROM users JOIN orders ON user_code = code";
    expect(await sql(joined, "masked")).toBe("1000\t1000\t1000");
    expect(
      await sql(
        "SELECT count(*) FROM users WHERE handle = concat(email, '!') AND email = json_value(profile, '$.email')",
        "masked",
      ),
    ).toBe("1000");
    expect(
      await sql(
        "SELECT count(*) FROM users m JOIN shop.users r USING (id) WHERE m.name = r.name OR m.photo = r.photo OR m.born = r.born",
        "masked",
      ),
    ).toBe("0");
    expect(await sql("SELECT total BETWEEN 1000 AND 9000 FROM totals", "masked")).toBe("1");
    expect(collector.values().length).toBeGreaterThan(4000);
    const search = createSearch(collector.values());
    const found = async (database: string) => (await Array.fromAsync(searchStream(search, dump(database)))).length;
    expect(await found("masked")).toBe(0);
    expect(await found("shop")).toBeGreaterThan(4000);
  });
});
