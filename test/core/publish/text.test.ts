import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeHtml, escapeMarkdown, escapeSlack, escapeTelegram } from "../../../src/core/publish/escape.ts";
import {
  cut,
  cutEscaped,
  displayText,
  durationText,
  hashText,
  headerSafe,
  oneLine,
  timeText,
  utf8Bytes,
  withoutControls,
} from "../../../src/core/publish/text.ts";

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom("&", "<", "é", "👍🏽", "👩‍👩‍👧", "\u0301", "א", "\n", "a"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 80,
});

describe("cut", () => {
  test.each([
    ["a short text stays", "abc", 3, "abc"],
    ["the ellipsis counts", "abcdefgh", 6, "abc..."],
    ["blanks before the ellipsis go", "ab cdefgh", 6, "ab..."],
    ["no ellipsis where it would be all there is", "abcdefgh", 3, "abc"],
    ["nothing fits into nothing", "abc", 0, ""],
    ["a surrogate pair stays whole", "ab👍cdefgh", 6, "ab..."],
    ["a skin tone stays with its emoji", "👍🏽👍🏽👍🏽👍🏽", 9, "👍🏽..."],
    ["a family stays together", `${"👩‍👩‍👧"}abcdefghij`, 10, "..."],
    ["an accent stays with its letter", "abce\u0301fghij", 7, "abc..."],
    ["a tower of accents is cut rather than followed", `e${"\u0301".repeat(100)}`, 50, `e${"\u0301".repeat(46)}...`],
  ])("%s", (_, text, limit, expected) => expect(cut(text, limit)).toBe(expected));

  test("is never longer than the limit, never ends in half a character, and is a beginning of the text", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 90 }), (text, limit) => {
        const well = text.toWellFormed();
        const short = cut(well, limit);
        expect(short.length).toBeLessThanOrEqual(limit);
        expect(short.isWellFormed()).toBe(true);
        if (well.length <= limit) expect(short).toBe(well);
        else expect(well.startsWith(short.replace(/\.\.\.$/, ""))).toBe(true);
      }),
    );
  });
});

const ESCAPES = { escapeSlack, escapeHtml, escapeTelegram, escapeMarkdown };

describe.each(Object.entries(ESCAPES))("cutEscaped with %s", (_, quote) => {
  test("keeps the limit of the final text and cuts no escape", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 90 }), (text, limit) => {
        const well = text.toWellFormed();
        const made = cutEscaped(well, limit, quote);
        expect(made.length).toBeLessThanOrEqual(limit);
        // What remains is the escape of a whole plain text: one of the beginnings, with or without the ellipsis.
        const beginnings = Array.from({ length: well.length + 1 }, (_, end) => quote(cut(well, end)));
        expect([quote(well), ...beginnings]).toContain(made);
      }),
    );
  });
  test("leaves a text that fits alone", () => {
    expect(cutEscaped("a & b", 100, quote)).toBe(quote("a & b"));
  });
  test("uses the room there is", () => {
    expect(cutEscaped("a".repeat(1000), 100, quote)).toHaveLength(100);
    expect(cutEscaped("&".repeat(1000), 100, quote).length).toBeGreaterThan(90);
  });
});

describe("cleaning", () => {
  test("control characters go, line ends become one kind, half characters become visible", () => {
    expect(withoutControls("a\u0000b\u0007\u001b[31m\r\nc\rd\u2028e\tf\u0085\u007f\ud800")).toBe(
      "ab[31m\nc\nd\ne\tf\ufffd",
    );
  });
  test("what reorders the shown text goes, right-to-left letters and emoji stay", () => {
    expect(displayText("\u202eabc\u2066 עברית 👩‍👩‍👧 \u200f!")).toBe("abc עברית 👩‍👩‍👧 \u200f!");
  });
  test("one line has no line end and no run of blanks", () => expect(oneLine(" a\r\n\t b\u2029c  ")).toBe("a b c"));
  test("a header value has no line end and only ASCII", () => {
    expect(headerSafe("a\r\nX-Injected: yes\u0000é👍")).toBe("aX-Injected: yes");
  });
  test("no text keeps a control character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(withoutControls(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        expect(headerSafe(text)).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe("measuring and keys", () => {
  test("bytes are those of UTF-8", () => expect(utf8Bytes("aé👍")).toBe(7));
  test.each([
    ["", "cbf29ce484222325"],
    ["a", "af63dc4c8601ec8c"],
    ["foobar", "85944171f73967e8"],
  ])("FNV-1a 64 of %j is the published one", (text, hash) => expect(hashText(text)).toBe(hash));
});

describe("times in words", () => {
  test("a time", () => expect(timeText(Date.UTC(2026, 10, 24, 3, 10))).toBe("2026-11-24 03:10:00 UTC"));
  test.each([
    [0, "0s"],
    [-5, "0s"],
    [964_000, "16m 4s"],
    [3_600_000, "1h"],
    [93_784_000, "1d 2h"],
  ])("%d ms are %s", (ms, words) => expect(durationText(ms)).toBe(words));
});
