type Person = { name: string; email: string; phone: string; born: string; code: string };

/** People whose names nobody else has. */
export function people(count: number): Person[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `Ada ${index} O'Læce`,
    email: `person-${index}@mail.wonderland.org`,
    phone: `+44 20 7946 ${String(index).padStart(4, "0")}`,
    born: `19${String(50 + (index % 50))}-0${1 + (index % 9)}-${10 + (index % 19)}`,
    code: `CUSTOMER-${String(index).padStart(6, "0")}`,
  }));
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
const lands = ["GB", "FR", "DE"];

/** A shop of 1,200 people: keys that are masked, unique indexes, documents, arrays, a view with data, a domain, partitions. */
export function rawSchema(): string {
  const users = people(1200).map(({ name, email, phone, born, code }, index) => {
    const written = index % 100 === 99 ? email.toUpperCase() : email;
    const profile = JSON.stringify({
      contact: { email: written },
      land: lands[index % 3],
      said: `I am "${name}"\nand ${index}`,
      n: index,
    });
    return `(${[name, written, phone, born, code, profile].map(quote).join(",")},
      ARRAY[${quote(written)}, ${quote(`"${code}"\\, other@mail.org`)}, NULL], '2024-05-0${1 + (index % 9)} 10:11:12.${100000 + index}+00',
      '10.1.${index >> 8}.${index & 255}', ${index % 2 ? "NULL" : quote(`token-${index}-secret`)})`;
  });
  const orders = people(1200).flatMap(({ name, email, code }, index) =>
    Array.from({ length: index % 4 }, (_, nth) => {
      const to = `${name}\n${index} Rabbit Hole\tSt. \\ ${nth}`;
      const day = `202${3 + (nth % 2)}-06-0${1 + nth}`;
      return `(${[code, index % 100 === 99 ? email.toUpperCase() : email, to, `please ring ${email}`, day].map(quote).join(",")}, ${index}.5)`;
    }),
  );
  return `
CREATE EXTENSION IF NOT EXISTS citext;
CREATE DOMAIN mailbox AS varchar(120) CHECK (VALUE LIKE '%@%');
CREATE TABLE users (
  id serial PRIMARY KEY, name text NOT NULL, email mailbox NOT NULL UNIQUE, phone varchar(30) UNIQUE, born date NOT NULL,
  code varchar(40) NOT NULL UNIQUE, profile jsonb NOT NULL, aliases text[] NOT NULL, seen_at timestamptz, address inet, token text,
  mail_domain text GENERATED ALWAYS AS (split_part(lower(email::text), '@', 2)) STORED
);
CREATE UNIQUE INDEX users_email_lower ON users (lower(email::text));
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY, user_code varchar(40) REFERENCES users (code), email citext, ship_to text, comment text,
  amount numeric(8, 2) CHECK (amount > 0), placed date NOT NULL, placed_in int GENERATED ALWAYS AS (extract(year FROM placed)) STORED,
  PRIMARY KEY (id, placed)
) PARTITION BY RANGE (placed);
CREATE TABLE orders_2023 PARTITION OF orders FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE sessions (id serial PRIMARY KEY, user_id int REFERENCES users (id), agent text);
CREATE TABLE notes (id serial PRIMARY KEY, body text DEFAULT E'it''s;\\n');
CREATE FUNCTION latest() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(id) FROM orders; END;
INSERT INTO users (name, email, phone, born, code, profile, aliases, seen_at, address, token) VALUES ${users.join(",\n")};
INSERT INTO orders (user_code, email, ship_to, comment, placed, amount) SELECT a, b, c, d, e::date, f + 1 FROM (VALUES ${orders.join(",\n")}) AS o (a, b, c, d, e, f);
INSERT INTO sessions (user_id, agent) SELECT id, 'agent of ' || email FROM users;
INSERT INTO notes (body) VALUES ('nothing of anybody');
CREATE MATERIALIZED VIEW totals AS SELECT u.profile->>'land' AS land, sum(o.amount) FROM users u JOIN orders o ON o.user_code = u.code GROUP BY 1;
COMMENT ON TABLE users IS 'person-1@mail.wonderland.org wrote this';
`;
}
