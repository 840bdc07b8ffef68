/** Double-quoted strings of Go, which Alertmanager's matchers use for names and values. */

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};
const BY_CHARACTER = new Map(Object.entries(ESCAPES).map(([letter, character]) => [character, letter] as const));

/** One escape after its backslash: a letter, two hex or three octal digits of a byte, or a code point. */
const ESCAPE = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)/g;

const percent = (byte: number): string => `%${byte.toString(16).padStart(2, "0")}`;

/** The text between the quotes of a Go string literal, read; null where Go would refuse it. */
export const unquoteGo = (inner: string): string | null => {
  if (!inner.includes("\\")) return inner.includes("\n") ? null : inner;
  if (inner.includes("\n")) return null;
  // Escaped bytes may together form one character. As percent-encoding, the language itself decodes and checks them.
  let encoded = "";
  let at = 0;
  try {
    for (const found of inner.matchAll(ESCAPE)) {
      const [whole, letter, hexByte, octalByte, short, long] = found;
      encoded += encodeURIComponent(inner.slice(at, found.index));
      at = found.index + whole.length;
      if (letter !== undefined) encoded += encodeURIComponent(ESCAPES[letter] ?? "");
      else if (hexByte !== undefined) encoded += percent(Number.parseInt(hexByte, 16));
      else if (octalByte !== undefined) encoded += percent(Number.parseInt(octalByte, 8));
      else encoded += encodeURIComponent(String.fromCodePoint(Number.parseInt(short ?? long ?? "", 16)));
    }
    return decodeURIComponent(encoded + encodeURIComponent(inner.slice(at)));
  } catch {
    return null; // a surrogate, a code point that does not exist, a lone byte, or a backslash without an escape
  }
};

const escapeCharacter = (character: string): string => {
  const letter = BY_CHARACTER.get(character);
  if (letter !== undefined) return `\\${letter}`;
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return `\\x${point.toString(16).padStart(2, "0")}`;
  return point > 0xffff ? `\\U${point.toString(16).padStart(8, "0")}` : `\\u${point.toString(16).padStart(4, "0")}`;
};

/** A Go string literal; what Go does not count as printable is escaped. */
export const quoteGo = (text: string): string =>
  `"${text.replace(/["\\]|(?! )[\p{C}\p{Z}]/gu, (character) => escapeCharacter(character))}"`;
