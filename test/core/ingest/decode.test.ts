import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBody } from "../../../src/core/ingest/decode.ts";
import { MAX_BODY_BYTES, MAX_JSON_DEPTH, MAX_JSON_VALUES } from "../../../src/core/ingest/limits.ts";
import { describeJsonError } from "../../../src/core/ingest/locate.ts";
import { scanJson } from "../../../src/core/ingest/scan.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (text: string) => decodeBody(bytes(text));

const problemOf = (body: Uint8Array, maxBytes?: number) => {
  const result = decodeBody(body, maxBytes);
  if (result.ok) throw new Error("the body was accepted");
  return result.error;
};

describe("what is no body", () => {
  test.each([
    ["empty", "", "invalid body: empty"],
    ["white space", " \n\t", "invalid body: empty"],
    [
      "a value is missing (contracts 16.1, scenario 4)",
      '{"alerts": [{"invalid": }]}',
      'invalid body: not JSON at line 1, column 25: a value expected, found "}]}"',
    ],
    [
      "cut off in an object",
      '{"a":1',
      "invalid body: not JSON at line 1, column 7: ',' or '}' expected, found the end",
    ],
    ["cut off in an array", "[1,2", "invalid body: not JSON at line 1, column 5: ',' or ']' expected, found the end"],
    [
      "cut off in a string",
      '["abc',
      "invalid body: not JSON at line 1, column 6: a closing double quote expected, found the end",
    ],
    ["cut off before a value", '{"a":', "invalid body: not JSON at line 1, column 6: a value expected, found the end"],
    ["a comma too many", "[1,\n  ]", 'invalid body: not JSON at line 2, column 3: a value expected, found "]"'],
    ["NaN", '{"a":NaN}', 'invalid body: not JSON at line 1, column 6: a value expected, found "NaN}"'],
    [
      "a name without quotes",
      "{a:1}",
      'invalid body: not JSON at line 1, column 2: a name in double quotes expected, found "a:1}"',
    ],
    ["single quotes", "['a']", "invalid body: not JSON at line 1, column 2: a value expected, found \"'a']\""],
    ["no colon", '{"a" 1}', "invalid body: not JSON at line 1, column 6: ':' expected, found \"1}\""],
    [
      "an unknown escape",
      '["\\x"]',
      'invalid body: not JSON at line 1, column 3: a known escape expected, found "\\\\x\\"]"',
    ],
    [
      "a line break in a string",
      '["a\nb"]',
      'invalid body: not JSON at line 1, column 4: an escaped control character expected, found "\\nb\\"]"',
    ],
    ["two values", "{} {}", 'invalid body: not JSON at line 1, column 4: the end of the body expected, found "{}"'],
    [
      "a form",
      "alertname=X&status=firing",
      'invalid body: not JSON at line 1, column 1: a value expected, found "alertname=X&status=f"',
    ],
    [
      "closed by the wrong bracket",
      "[1}",
      "invalid body: not JSON at line 1, column 3: ',' or ']' expected, found \"}\"",
    ],
  ])("%s", (_, text, detail) => {
    const problem = problemOf(bytes(text));
    expect(problem.type).toBe("malformed-body");
    expect(problem.detail).toBe(detail);
    expect(problem.errors).toEqual([{ path: "", message: detail.replace("invalid body: ", "") }]);
  });

  test.each([
    ["Latin-1", Uint8Array.of(0x22, 0xe4, 0x22)],
    ["a UTF-8 sequence cut off", Uint8Array.of(0x22, 0xe2, 0x82, 0x22)],
    ["an encoded surrogate", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ["UTF-16 with its mark", Uint8Array.of(0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00)],
    ["compressed bytes", Uint8Array.of(0x1f, 0x8b, 0x08, 0x00)],
  ])("no UTF-8: %s", (_, body) => {
    expect(problemOf(body)).toMatchObject({ type: "malformed-body", detail: "invalid body: not UTF-8 text" });
  });

  test("an error repeats at most 20 characters of the body, and no half ones", () => {
    const detail = problemOf(bytes(`[${"\u{1F600}".repeat(50)}]`)).detail;
    expect(detail).toContain(`found "${"\u{1F600}".repeat(20)}"`);
    expect(detail).not.toContain("\u{1F600}".repeat(21));
  });
});

describe("what is a body", () => {
  test("a byte order mark is tolerated", () => {
    expect(decodeBody(Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes('{"a":1}')))).toEqual({ ok: true, value: { a: 1 } });
  });

  test("brackets, quotes and commas inside of strings count for nothing", () => {
    const text = JSON.stringify({ a: `${"[{".repeat(100)}\\"${","}`, b: "\\\\", c: `"${"[".repeat(99)}` });
    expect(decode(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  test("every JSON value comes back", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(decode(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });
});

describe("limits", () => {
  test("as deep as allowed, and one deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(decode(nested(MAX_JSON_DEPTH)).ok).toBe(true);
    expect(problemOf(bytes(nested(MAX_JSON_DEPTH + 1)))).toMatchObject({
      type: "malformed-body",
      detail: "invalid body: nested deeper than 64 levels at byte 64",
    });
  });

  test.each([
    ["depth 100 000 of arrays", "[".repeat(100_000) + "]".repeat(100_000)],
    ["depth 100 000 of objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
    ["10 MiB of [", "[".repeat(MAX_BODY_BYTES)],
  ])("%s", (_, text) => {
    expect(problemOf(bytes(text))).toMatchObject({
      type: "malformed-body",
      detail: expect.stringContaining("64 levels"),
    });
  });

  test("10 MiB of small values", () => {
    const body = `[${"[],".repeat((MAX_BODY_BYTES - 4) / 3)}[]]`;
    expect(problemOf(bytes(body))).toMatchObject({
      type: "too-large",
      detail: `the body holds more than ${MAX_JSON_VALUES} JSON values`,
    });
  });

  test("as many values as allowed, and one more", () => {
    const zeros = (count: number): string => `[${Array(count).fill(0).join()}]`;
    expect(decode(zeros(MAX_JSON_VALUES - 1)).ok).toBe(true);
    expect(problemOf(bytes(zeros(MAX_JSON_VALUES))).type).toBe("too-large");
  });

  test("10 MiB of text, and one byte more", () => {
    const text = (length: number): Uint8Array => bytes(`"${"x".repeat(length - 2)}"`);
    expect(decodeBody(text(MAX_BODY_BYTES)).ok).toBe(true);
    expect(problemOf(text(MAX_BODY_BYTES + 1))).toMatchObject({
      type: "too-large",
      detail: "the body is larger than 10485760 bytes",
    });
  });

  test("a caller can lower the size, not raise it", () => {
    expect(problemOf(bytes("[1,2,3]"), 6).type).toBe("too-large");
    expect(problemOf(bytes(" ".repeat(MAX_BODY_BYTES + 1)), MAX_BODY_BYTES * 2).type).toBe("too-large");
  });
});

test("the scan counts at least the values and exactly the depth that the parser finds", () => {
  const count = (value: unknown): number =>
    1 +
    (typeof value === "object" && value !== null ? Object.values(value).reduce((n: number, v) => n + count(v), 0) : 0);
  const depth = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
  const wrap = (text: string, levels: number): string => "[".repeat(levels) + text + "]".repeat(levels);
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const levels = MAX_JSON_DEPTH - depth(JSON.parse(text));
      expect(scanJson(bytes(wrap(text, levels)))).toBeNull();
      if (depth(JSON.parse(text)) > 0) expect(scanJson(bytes(wrap(text, levels + 1)))?.kind).toBe("depth");
      const rest = MAX_JSON_VALUES - count(JSON.parse(text));
      expect(scanJson(bytes(`[${`${text},`}${"0,".repeat(rest)}0]`))?.kind).toBe("values");
    }),
    { numRuns: 20 },
  );
});

describe("the place of an error", () => {
  /** Text that is nearly JSON: a value with one character put in, taken out or replaced. */
  const nearly = fc
    .tuple(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom("", ",", "}", "]", "[", "{", '"', "\\", "x", "\n", "-", "e", "0"),
    )
    .map(([text, at, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1));

  test("is where the runtime's parser stops too, wherever that tells", () => {
    let told = 0;
    fc.assert(
      fc.property(nearly, (text) => {
        const position = parserPosition(text);
        if (position === null) return;
        told++;
        const [, line, column] = /line (\d+), column (\d+)/.exec(describeJsonError(text)) ?? [];
        const before = text.split("\n").slice(0, Number(line) - 1);
        const at = before.reduce((sum, part) => sum + part.length + 1, 0) + Number(column) - 1;
        expect(Math.abs(at - position), text).toBeLessThanOrEqual(6); // it points into escapes and numbers, we before them
      }),
      { numRuns: 3000 },
    );
    expect(told).toBeGreaterThan(100);
  });

  test("is found in linear time in long strings and numbers", () => {
    const long = 5_000_000;
    expect(describeJsonError(`["${"x".repeat(long)}`)).toContain(`column ${long + 3}`);
    expect(describeJsonError(`[${"1".repeat(long)}`)).toContain(`column ${long + 2}`);
  });
});

/** The offset in the message of JSON.parse; null where the text is JSON or the message has none. */
const parserPosition = (text: string): number | null => {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    return position === undefined ? null : Number(position);
  }
};
