import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Labels } from "../../../src/core/alert/alert.ts";
import {
  compareMatchers,
  compileMatcher,
  firstMismatch,
  MATCHER_OPERATORS,
  type Matcher,
  type MatcherSpec,
  matchesAll,
  printMatcher,
  printMatchers,
} from "../../../src/core/alert/matcher.ts";
import { indexMatchers } from "../../../src/core/alert/matcher-index.ts";
import { parseMatcher, parseMatchers, readMatchers } from "../../../src/core/alert/matcher-parse.ts";

const parsed = (text: string): readonly Matcher[] => {
  const result = parseMatchers(text);
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`);
  return result.value;
};
const shown = (text: string): string[] =>
  parsed(text).map(({ name, operator, value }) => `${name} ${operator} ${value}`);
const labels = (text: string): Labels =>
  Object.fromEntries(text === "" ? [] : text.split(",").map((pair) => pair.split("=") as [string, string]));

describe("what both grammars of Alertmanager read alike", () => {
  it.each([
    ["no text", "", []],
    ["braces alone", "{}", []],
    ["an unquoted value", "{foo=bar}", ["foo = bar"]],
    ["a quoted value", '{foo="bar"}', ["foo = bar"]],
    ["without braces", 'foo="bar"', ["foo = bar"]],
    ["a regular expression", '{foo=~"bar.*"}', ["foo =~ bar.*"]],
    ["an unquoted regular expression", "{foo!~bar.*}", ["foo !~ bar.*"]],
    ["several", '{foo="bar", baz!~".*quux", derp="wat"}', ["foo = bar", "baz !~ .*quux", "derp = wat"]],
    ["an empty value", '{foo=""}', ["foo = "]],
    ["a comma inside quotes", '{foo="bar,quux", job="job1"}', ["foo = bar,quux", "job = job1"]],
    ["blanks and a trailing comma", '{foo = "bar", dings != "bums", }', ["foo = bar", "dings != bums"]],
    ["quotes inside quotes", '{quote="She said: \\"Hi, ladies!…\\""}', ['quote = She said: "Hi, ladies!…"']],
    [
      "a trailing comma and a blank without braces",
      'contains_quote != "\\"" , contains_comma !~ "foo,bar" , ',
      ['contains_quote != "', "contains_comma !~ foo,bar"],
    ],
    ["an emoji unquoted", "{foo=🙂bar}", ["foo = 🙂bar"]],
  ])("%s", (_, text, want) => {
    expect(shown(text)).toEqual(want);
    expect(readMatchers(text)).toMatchObject({ ok: true, value: { isClassic: false } });
  });
});

describe("what only the UTF-8 grammar reads", () => {
  it.each([
    ["a quoted name", '{"foo"="bar"}', ["foo = bar"]],
    ["a name with blanks", '"my label"="x"', ["my label = x"]],
    ["a name with dashes, unquoted", '{name-with-dashes = "bar"}', ["name-with-dashes = bar"]],
    ["a name in another script", "имя=значение", ["имя = значение"]],
    ["a character as bytes", '{"foo"="\\xf0\\x9f\\x99\\x82"}', ["foo = 🙂"]],
    ["a character as octal bytes", '{"foo"="\\360\\237\\231\\202"}', ["foo = 🙂"]],
    ["a character as code point", '{"foo"="\\U0001f642\\u00e9"}', ["foo = 🙂é"]],
    ["escaped letters", '{"foo"="a\\tb\\\\"}', ["foo = a\tb\\"]],
    ["a name that JavaScript's objects have too", '{"__proto__"="x"}', ["__proto__ = x"]],
  ])("%s", (_, text, want) => {
    expect(shown(text)).toEqual(want);
  });
});

describe("what only the classic grammar reads, or reads differently, means what it meant there", () => {
  it.each([
    ["a lone backslash", '{foo=~"\\d+"}', ["foo =~ \\d+"]],
    ["an escape that only Go knows", '{foo="a\\tb"}', ["foo = a\\tb"]],
    ["no value at all", "job=", ["job = "]],
    ["no value, then more", "{foo=,bar=}}", ["foo = ", "bar = }"]],
    ["an unquoted backslash n", "{foo=bar\\n}", ["foo = bar\n"]],
    ["an unquoted backslash at the end", "{foo=bar\\}", ["foo = bar\\"]],
    ["an unquoted escaped quote", '{foo=bar\\"}', ['foo = bar"']],
    ["reserved characters in a value", "tricky=~~~", ["tricky =~ ~~"]],
    ["many of them", 'trickier==\\\\=\\=\\"', ['trickier = =\\=\\="']],
    ["a single quote", "{foo='}", ["foo = '"]],
    ["a brace too many", "{foo=bar}}", ["foo = bar}"]],
    ["braces and a comma too many", "{foo=bar}},}", ["foo = bar}}"]],
    ["an unclosed brace", "{foo=bar", ["foo = bar"]],
    ["nothing but an unclosed brace", "{", []],
    ["a line feed inside quotes", '{foo="a\nb"}', ["foo = a\nb"]],
  ])("%s", (_, text, want) => {
    expect(shown(text)).toEqual(want);
    expect(readMatchers(text)).toMatchObject({ ok: true, value: { isClassic: true } });
  });
});

describe("what is no list of matchers", () => {
  it.each([
    [",", 1, "label name"],
    ["{,}", 2, "label name"],
    ['{"foo"="bar"', 13, "not closed"],
    ["{{foo=", 2, "label name"],
    ["foo", 4, "= != =~ !~"],
    ["foo!bar", 4, "!= or !~"],
    ['job="value', 5, "no end"],
    ['job=value"', 10, "no end"],
    ['contains_unescaped_quote = foo"bar', 31, "no end"],
    ['"foo=\\"bar\\""', 14, "= != =~ !~"],
    ['"{foo=\\"bar\\"}"', 16, "= != =~ !~"],
    ['{"foo"=:"bar"}', 9, "comma"],
    ['"foo"="bar\\w"', 7, "escape"],
    ['{"foo"="\\xf0\\x9f"}', 8, "escape"],
    ['"foo"="\\ud800"', 7, "escape"],
    ['"foo"="\\U00110000"', 7, "escape"],
    ['{""="x"}', 1, "label name"],
    ['a="1", foo=~"invalid[regexp"', 8, "missing closing ]"],
    ['foo=~"(?=x)"', 1, "RE2"],
    ['foo=~"(a)\\\\1"', 1, "RE2"],
    ['foo=~"a)|(?:b"', 1, "RE2"],
    [`foo=~".${"x".repeat(500)}"`, 1, "500 characters"],
  ])("%s", (text, column, message) => {
    const result = parseMatchers(text);
    expect(result).toMatchObject({ ok: false, error: { column } });
    if (!result.ok) expect(result.error.message).toContain(message);
  });

  it("refuses braces and lists where one matcher is asked for", () => {
    expect(parseMatcher('foo="bar"')).toMatchObject({ ok: true, value: { name: "foo" } });
    for (const text of ["", '{foo="bar"}', 'foo="bar"}', "a=1,b=2"]) expect(parseMatcher(text).ok).toBe(false);
  });
});

describe("what a matcher holds for (contracts 8.5)", () => {
  it.each([
    ['foo="bar"', ["foo=bar"], ["foo=Bar", ""]],
    ['foo=""', [""], ["foo=bar"]],
    ['foo!=""', ["foo=bar"], [""]],
    ['foo!="bar"', ["foo=x", ""], ["foo=bar"]],
    ['foo=~"ba"', [], ["foo=bar"]],
    ['foo=~"ba."', ["foo=bar"], ["foo=xbar", "foo=bars", ""]],
    ['foo=~"a|b"', ["foo=a", "foo=b"], ["foo=ab", "foo=xa"]],
    ['foo=~"(a|b)"', ["foo=a", "foo=b"], ["foo=ab", ""]],
    ['foo=~"a|"', ["foo=a", ""], ["foo=b"]],
    ['foo=~"a\\\\.b|c"', ["foo=a.b", "foo=c"], ["foo=axb"]],
    ['foo=~".*"', ["foo=bar", ""], []],
    ['foo=~".+"', ["foo=bar"], [""]],
    ['foo!~"ba."', ["foo=x", ""], ["foo=bar"]],
    ['foo!~".*"', [], ["foo=bar", ""]],
    ['foo=~"(?i)BAR"', ["foo=bar"], ["foo=baz"]],
    ['foo="bar", env="p"', ["foo=bar,env=p"], ["foo=bar"]],
    ['constructor=""', ["foo=bar"], ["constructor=x"]],
  ])("%s", (text, matching, others) => {
    for (const set of matching) expect([set, matchesAll(parsed(text), labels(set))]).toEqual([set, true]);
    for (const set of others) expect([set, matchesAll(parsed(text), labels(set))]).toEqual([set, false]);
  });

  it("names the first matcher that does not hold", () => {
    const matchers = parsed('a="1",b="2",c="3"');
    expect(firstMismatch(matchers, { a: "1", b: "2", c: "3" })).toBeNull();
    expect(firstMismatch(matchers, { a: "1" })?.name).toBe("b");
  });
});

describe("printing", () => {
  it.each([
    ['foo="bar"', 'foo="bar"'],
    ["foo=~bar.*", 'foo=~"bar.*"'],
    ['"my label"="a\\tb"', '"my label"="a\\tb"'],
    ['"my label"="a\u0001\u00a0"', '"my label"="a\\x01\\u00a0"'],
    ['foo="Disk \\"full\\"\\n\\\\"', 'foo="Disk \\"full\\"\\n\\\\"'],
  ])("%s is printed as %s", (text, want) => {
    expect(parsed(text).map(printMatcher)).toEqual([want]);
  });

  it("sorts by name, value and operator", () => {
    const specs = parsed('b="1",a=~"2",a="2",a="10"').toSorted(compareMatchers);
    expect(printMatchers(specs)).toBe('{a="10",a="2",a=~"2",b="1"}');
  });

  const text = fc.string({ unit: "binary", maxLength: 12 });
  const spec: fc.Arbitrary<MatcherSpec> = fc.record({
    name: fc
      .oneof(text, fc.string({ maxLength: 8 }), fc.constantFrom("foo", "a b", "x:y"))
      .filter((name) => name !== ""),
    operator: fc.constantFrom(...MATCHER_OPERATORS),
    value: fc.oneof(text, fc.string({ maxLength: 12 }), fc.stringMatching(/^[\\n"t{},=~ ]{0,8}$/)),
  });

  it("is undone by parsing, for every matcher that compiles", () => {
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 4 }), (specs) => {
        const valid = specs.filter((one) => compileMatcher(one).ok);
        const back = parsed(printMatchers(valid)).map(({ name, operator, value }) => ({ name, operator, value }));
        expect(back).toEqual(valid);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws on any text", () => {
    const noise = fc.string({ unit: fc.constantFrom(..."{}=!~,\\\"'ab \n😀\ud800"), maxLength: 20 });
    fc.assert(
      fc.property(noise, (input) => {
        const result = parseMatchers(input);
        if (!result.ok) expect(result.error.column).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("the index over many lists of matchers", () => {
  const value = fc.constantFrom("", "a", "b", "c");
  const name = fc.constantFrom("x", "y", "z", "__proto__");
  const regex = fc.constantFrom("a|b", "a|", ".*", ".+", "c", "[ab]");
  const matcher = fc.oneof(
    fc.tuple(name, fc.constantFrom("=", "!="), value),
    fc.tuple(name, fc.constantFrom("=~", "!~"), regex),
  );
  const list = fc.array(matcher, { maxLength: 3 }).map((specs) => specs.map(([n, o, v]) => `"${n}"${o}"${v}"`).join());

  it("names every list that holds, in order, and mostly no other", () => {
    fc.assert(
      fc.property(
        fc.array(list, { maxLength: 12 }),
        fc.array(fc.tuple(name, value), { maxLength: 4 }),
        (lists, set) => {
          const compiled = lists.map(parsed);
          const candidates = indexMatchers(compiled).candidates(Object.fromEntries(set));
          expect(candidates).toEqual([...new Set(candidates)].sort((a, b) => a - b));
          const holding = compiled.flatMap((matchers, at) =>
            matchesAll(matchers, Object.fromEntries(set)) ? [at] : [],
          );
          expect(candidates.filter((at) => matchesAll(compiled[at] ?? [], Object.fromEntries(set)))).toEqual(holding);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("looks only at what names the right value", () => {
    const lists = Array.from({ length: 500 }, (_, at) => parsed(`kind="k",team="t${at}"`));
    expect(indexMatchers(lists).candidates({ kind: "k", team: "t7" })).toEqual([7]);
  });
});
