import { faker } from "@faker-js/faker/locale/en";
import { type Keyed, permute, spell } from "./keyed.ts";

/** Makes a fake of a value that is neither null nor empty; `longest` is the room for it, in characters. */
type Fake = (value: string, longest: number) => string;

const { person, location, lorem } = faker.rawDefinitions;
const unique = (...lists: (readonly string[] | undefined | null)[]) => [
  ...new Set(lists.flatMap((list) => list ?? []).filter((word) => /^[A-Za-z][A-Za-z .'-]*$/.test(word))),
];
const firstNames = unique(person?.first_name?.generic, person?.first_name?.female, person?.first_name?.male);
const lastNames = unique(person?.last_name?.generic);
const streets = unique(location?.street_name);
const cities = unique(location?.city_name);
const words = unique(lorem?.word);

/** 65 keyed bits: of ten million addresses, the chance that any two are alike is one in a million. */
const tailLetters = 13;
/** Its MX record says that it accepts no mail (RFC 2606, RFC 7505). */
const nowhere = "@example.com";
const longestEmail = 10 + 1 + 10 + 1 + tailLetters + nowhere.length;
/** The least room a column must have for a masking to keep values apart. */
export const leastRoom = { email: tailLetters + nowhere.length, username: tailLetters, hash: 12, phone: 19 };

/**
 * The same however a text is capitalized: its fakes differ in capitals alone, so that they are one where the database
 * takes them for one, and two where a unique index takes them for two.
 */
export function inCapitals(keyed: Keyed, value: string, fake: (small: string, bytes: Buffer) => string): string {
  const small = value.toLowerCase();
  const made = fake(small, keyed(small));
  return value === small ? made : capitalize(made, keyed(value));
}

export function email(keyed: Keyed): Fake {
  return (value, longest) => {
    const mailbox = inCapitals(keyed, value, (_, bytes) => {
      const tail = spell(bytes.subarray(8), tailLetters);
      return `${longest < longestEmail ? "" : `${handle(bytes)}.`}${tail}`;
    });
    return `${mailbox}${nowhere}`;
  };
}

export function username(keyed: Keyed): Fake {
  return (value, longest) =>
    inCapitals(keyed, value, (_, bytes) => {
      const tail = spell(bytes.subarray(8), tailLetters);
      return longest < 25 ? tail : `${plain(pick(firstNames, bytes, 0))}.${tail}`;
    });
}

export function name(keyed: Keyed): Fake {
  return (value, longest) => {
    const bytes = keyed(value);
    return `${pick(firstNames, bytes, 0)} ${pick(lastNames, bytes, 4)}`.slice(0, longest).trimEnd();
  };
}

export function firstName(keyed: Keyed): Fake {
  return (value, longest) => pick(firstNames, keyed(value), 0).slice(0, longest);
}

export function lastName(keyed: Keyed): Fake {
  return (value, longest) => pick(lastNames, keyed(value), 0).slice(0, longest);
}

export function address(keyed: Keyed): Fake {
  return (value, longest) => {
    const bytes = keyed(value);
    const house = 1 + (bytes.readUInt16BE(0) % 999);
    return `${house} ${pick(streets, bytes, 4)}, ${pick(cities, bytes, 8)}`.slice(0, longest).trimEnd();
  };
}

/** A text is not made longer than this. */
const longestText = 10_000;

/** Words that mean nothing, about as long as the text. */
export function text(keyed: Keyed): Fake {
  return (value, longest) => {
    const length = Math.min(value.length, longestText, longest);
    const bytes = keyed(value);
    let state = bytes.readUInt32BE(0);
    let made = "";
    while (made.length < length) {
      // Numerical Recipes' generator: which word comes next need not be a secret, the keyed beginning is.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const word = words[(state >>> 8) % words.length] ?? "";
      made += made === "" ? `${word.charAt(0).toUpperCase()}${word.slice(1)}` : ` ${word}`;
    }
    return made.slice(0, length).trimEnd();
  };
}

/** No country has it, so nobody is called (ITU-T E.164). */
const noCountry = "+999";

/**
 * Keeps spaces and signs, and puts other digits in the place of the digits, so that different numbers stay different.
 * What is written in another way than numbers are gets 15 keyed digits.
 */
export function phone(keyed: Keyed): Fake {
  return (value, longest) => {
    const digits = value.replaceAll(/\D/g, "");
    if (digits.length > 15 || digits === "" || !/^\+?[\d\s().\-/]*$/.test(value)) {
      return `${noCountry}${keyed(value).readBigUInt64BE() % 10n ** 15n}`.padEnd(19, "0");
    }
    const others = permute(keyed, BigInt(digits), 10n ** BigInt(digits.length))
      .toString()
      .padStart(digits.length, "0");
    let at = 0;
    const national = value.startsWith("+") ? value.slice(1) : ` ${value}`;
    const made = `${noCountry}${national.replaceAll(/\d/g, () => others[at++] ?? "0")}`;
    return made.length <= longest ? made : `${noCountry}${others}`;
  };
}

const made = { first: new Set(firstNames), last: new Set(lastNames), words: new Set(words) };

/** Whether people may bear the name that masking gave to somebody: to find it somewhere says nothing. */
export function isMadeUp(value: string): boolean {
  const parts = value.split(" ");
  const [first = "", last = ""] = parts;
  if (parts.length === 2 && made.first.has(first) && made.last.has(last)) return true;
  return parts.every((word) => made.words.has(word.toLowerCase()));
}

function handle(bytes: Buffer): string {
  return `${plain(pick(firstNames, bytes, 0))}.${plain(pick(lastNames, bytes, 4))}`;
}

function plain(word: string): string {
  return word
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "")
    .slice(0, 10);
}

/** The first letter always, so that none is the mailbox in small letters; of the others, every second by chance. */
function capitalize(text: string, bytes: Buffer): string {
  const capital = text.search(/[a-z]/);
  return text.replaceAll(/[a-z]/g, (letter, at: number) => {
    const bit = ((bytes[at >> 3] ?? 0) >> (at & 7)) & 1;
    return at === capital || bit === 1 ? letter.toUpperCase() : letter;
  });
}

function pick(list: readonly string[], bytes: Buffer, at: number): string {
  return list[bytes.readUInt32BE(at) % list.length] ?? "";
}
