import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { compileRegex } from "../../../src/core/alert/regex.ts";

const LONGEST_VALUE = 4096;

describe("words that need no engine", () => {
  it.each([
    ["prod", ["prod"]],
    ["", [""]],
    ["a|b|a", ["a", "b"]],
    ["(a|b)", ["a", "b"]],
    ["(?:a|b|)", ["a", "b", ""]],
    ["web\\.example\\.com|db-1", ["web.example.com", "db-1"]],
    ["a.b", null],
    ["(a)(b)", null],
    ["(a|b", null],
    ["\\d|a", null],
    ["a$", ["a"]],
    ["^(a|b)$", ["a", "b"]],
    ["^a$|^b", ["a", "b"]],
    ["a\\$|b", ["a$", "b"]],
    ["a\\\\$", ["a\\"]],
    ["(^a)|(b$)", null],
    ["a|b.*", null],
  ])("%s", (pattern, values) => {
    const regex = compileRegex(pattern);
    expect(regex.ok ? regex.value.values : null).toEqual(values);
  });

  it("hold for the same texts as the engine says", () => {
    const part = fc.stringMatching(/^[ab.\-_/ é\\|()?:]{0,5}$/);
    fc.assert(
      fc.property(part, part, (pattern, text) => {
        const regex = compileRegex(pattern);
        if (!regex.ok || regex.value.values === null) return;
        const engine = RE2JS.compile(`^(?:${pattern})$`);
        for (const sample of [text, ...regex.value.values]) expect(regex.value.test(sample)).toBe(engine.test(sample));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("words with anything before or behind them need none either", () => {
  it("and hold for the same texts as the engine says", () => {
    const word = fc.stringMatching(/^[ab.\\\n|*+-]{0,4}$/);
    const dots = fc.constantFrom("", ".*", ".+");
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "-", "\n", "😀"), maxLength: 6 });
    fc.assert(
      fc.property(dots, word, dots, text, (before, middle, after, sample) => {
        const pattern = `${before}${middle}${after}`;
        const regex = compileRegex(pattern);
        if (!regex.ok) return;
        expect([pattern, sample, regex.value.test(sample)]).toEqual([
          pattern,
          sample,
          RE2JS.compile(`^(?:${pattern})$`).test(sample),
        ]);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("lists of words, of which some have dots or anchors around them", () => {
  it("hold for the same texts as the engine says", () => {
    const piece = fc.constantFrom("a", "b", "ab", "-", "\\.", "\\$", ".*", ".+", "|", "|", "^", "$", "(", ")", "(?:");
    const pattern = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(""));
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "-", "$", "\n"), maxLength: 4 });
    fc.assert(
      fc.property(pattern, text, (pattern, sample) => {
        const regex = compileRegex(pattern);
        if (!regex.ok) return;
        const want = RE2JS.compile(`^(?:${pattern})$`).test(sample);
        expect([pattern, sample, regex.value.test(sample)]).toEqual([pattern, sample, want]);
      }),
      { numRuns: 20_000 },
    );
  });

  it("may be as long as real ones are", () => {
    const names = Array.from({ length: 200 }, (_, i) => `KubernetesSomethingIsWrong${i}`).join("|");
    for (const pattern of [`^(${names})$`, `(?:${names}|Kube.*)`, `^${names}$`, `.*(${names}).*`]) {
      const regex = compileRegex(pattern, 10_000);
      expect(regex.ok && regex.value.test("KubernetesSomethingIsWrong199")).toBe(true);
      expect(regex.ok && regex.value.test("Another")).toBe(false);
    }
  });
});

describe("expressions are anchored as a whole", () => {
  it.each([
    ["a|ab", "ab", true],
    ["foo.*", "xfoo", false],
    ["foo.*|bar", "barx", false],
    [".*", "two\nlines", false],
    ["(?s).*", "two\nlines", true],
    ["(?m)^b.*$", "a\nb", false],
    [".", "😀", true],
  ])("%s on %s", (pattern, text, want) => {
    const regex = compileRegex(pattern);
    expect(regex.ok && regex.value.test(text)).toBe(want);
  });
});

describe("hostile expressions come to an end, or are refused", () => {
  const elapsed = (work: () => void): number => {
    const start = performance.now();
    work();
    return performance.now() - start;
  };
  // Far above what they take on the slowest machine, far below what a backtracking engine takes: years.
  const LIMIT_MS = 30_000;

  it.each([
    ["nested repetition", "(a+)+b", "a"],
    ["nested alternatives", "(a|a)*b", "a"],
    ["many wildcards", "(.*a.*){60}b", "a"],
    ["states that double with every character", "(.*a.{30}|.*b.{40}|.*c.{200}){3}d", "abcab"],
    ["a long unrolled repetition", ".{1000}", "a"],
  ])("%s", (_, pattern, unit) => {
    const text = unit.repeat(LONGEST_VALUE / unit.length);
    expect(
      elapsed(() => {
        const regex = compileRegex(pattern);
        expect(regex.ok).toBe(true);
        if (regex.ok) expect(regex.value.test(text)).toBe(false);
      }),
    ).toBeLessThan(LIMIT_MS);
  });

  it.each([
    ["repetitions side by side", ".{0,999}".repeat(60)],
    ["a repeated group of repetitions", `(${"a{10}".repeat(20)}){50}`],
    ["repeated empty groups", "(){900}".repeat(70)],
    ["a repeated repetition", "((a{100}){10}){2}"],
    ["repeated classes", "[^]a]{1000}[\\]]{1000}"],
  ])("%s", (_, pattern) => {
    expect(elapsed(() => expect(compileRegex(pattern).ok).toBe(false))).toBeLessThan(LIMIT_MS);
  });

  it("has room for what people write", () => {
    const pods = Array.from({ length: 50 }, (_, i) => `pod-${i}-.*`).join("|");
    for (const pattern of ["[a-z]{1,63}\\.[a-z]{2,24}", "(?i)(error|warn(ing)?).{0,200}", pods.slice(0, 499)]) {
      expect([pattern, compileRegex(pattern).ok]).toEqual([pattern, true]);
    }
    expect(compileRegex("x".repeat(501)).ok).toBe(false);
    expect(compileRegex("x|".repeat(2000), 10_000).ok).toBe(true);
  });
});
