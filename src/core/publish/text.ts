/** Text as every format needs it: free of control characters, cut without breaking a character, measured, hashed. */

/** Ends a cut text; counted within the limit (contracts 1.2). */
export const ELLIPSIS = "...";

/** How far a cut steps back to keep a combined character whole; longer stacks of marks are decoration. */
const MAX_COMBINED = 32;

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const LINE_ENDS = /\r\n?|[\u2028\u2029]/g;
/** They reorder what people read ("Trojan source"); right-to-left letters need none of them. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
const EXTENDS_THE_LAST = /^[\p{M}\p{Emoji_Modifier}\u200d]$/u;

/** Text without control characters; line ends are `\n`, half surrogate pairs become U+FFFD. */
export const withoutControls = (text: string): string =>
  text.replace(LINE_ENDS, "\n").replace(CONTROLS, "").toWellFormed();

/** Text for people: also without the invisible characters that change the order of what is shown. */
export const displayText = (text: string): string => withoutControls(text).replace(BIDI_CONTROLS, "");

/** Text for people on one line. */
export const oneLine = (text: string): string => displayText(text).replace(/\s+/g, " ").trim();

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

const stepBack = (text: string, at: number): number => at - (at > 1 && isLowSurrogate(text.charCodeAt(at - 1)) ? 2 : 1);

/** The last place not after `at` where the text may end without splitting a character. */
const boundary = (text: string, at: number): number => {
  const whole = isLowSurrogate(text.charCodeAt(at)) ? at - 1 : at;
  let end = whole;
  for (let steps = 0; end > 0 && steps <= MAX_COMBINED; steps++) {
    const next = String.fromCodePoint(text.codePointAt(end) ?? 0);
    if (!EXTENDS_THE_LAST.test(next) && text[end - 1] !== "\u200d") return end;
    end = stepBack(text, end);
  }
  return end === 0 ? 0 : whole;
};

/** The beginning of `text`, at most `limit` UTF-16 units including the ellipsis; no character is split. */
export const cut = (text: string, limit: number): string => {
  if (text.length <= limit) return text;
  if (limit <= ELLIPSIS.length) return text.slice(0, boundary(text, Math.max(0, limit)));
  return text.slice(0, boundary(text, limit - ELLIPSIS.length)).trimEnd() + ELLIPSIS;
};

/**
 * `text` made safe by `quote`, at most `limit` UTF-16 units long. The plain text is shortened, never the escaped one, so no entity or
 * escape is split. `quote` must not get shorter when its input gets longer.
 */
export const cutEscaped = (text: string, limit: number, quote: (plain: string) => string): string => {
  const candidate = cut(text, limit);
  const whole = quote(candidate);
  if (whole.length <= limit) return whole;
  let [fits, tooLong] = [0, candidate.length];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (quote(cut(text, middle)).length <= limit) fits = middle;
    else tooLong = middle;
  }
  return quote(cut(text, fits));
};

/** A value that may stand in an HTTP header: printable ASCII, no line end; everything else is left out. */
export const headerSafe = (value: string): string => value.replace(/[^\x20-\x7e]/g, "").trim();

/** Bytes of a text in UTF-8. */
export const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;

/** FNV-1a 64 of the UTF-8 bytes, 16 hex digits: a short stable key of a long text, no protection of it. */
export const hashText = (text: string): string => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
};

/** The time as people write it: `2026-11-24 03:10:00 UTC`. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** A length of time in its two largest units: `2d 3h`, `16m 4s`, `0s`. */
export const durationText = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count}${unit}`).join(" ");
};
