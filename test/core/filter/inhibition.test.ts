import { describe, expect, test } from "vitest";
import { fingerprint } from "../../../src/core/alert/fingerprint.ts";
import type { MatcherSpec } from "../../../src/core/alert/matcher.ts";
import { compileInhibition, type InhibitRule, isSource } from "../../../src/core/filter/inhibition.ts";

type L = Record<string, string>;
const is = (name: string, value: string): MatcherSpec => ({ name, operator: "=", value });
const rule: InhibitRule = {
  name: null,
  sourceMatchers: [is("s", "1")],
  targetMatchers: [is("t", "1")],
  equal: ["cluster"],
};
const inhibited = (target: L, sources: L[], rules: readonly InhibitRule[] = [rule]): string[] => {
  const firing = sources.map((labels) => ({ fingerprint: fingerprint(labels), labels }));
  return [...compileInhibition(rules, firing).inhibitedBy(target, fingerprint(target))];
};

describe("an alert is inhibited", () => {
  test.each<[sentence: string, target: L, sources: L[], yes: boolean]>([
    ["when a source fires with equal labels", { t: "1", cluster: "a" }, [{ s: "1", cluster: "a" }], true],
    ["not by a source elsewhere", { t: "1", cluster: "a" }, [{ s: "1", cluster: "b" }], false],
    ["not when it is no target", { t: "2", cluster: "a" }, [{ s: "1", cluster: "a" }], false],
    ["when the equal label is missing on both sides", { t: "1" }, [{ s: "1" }], true],
    ["when it is empty on one and missing on the other", { t: "1", cluster: "" }, [{ s: "1" }], true],
    ["not when it is there on one side only", { t: "1", cluster: "a" }, [{ s: "1" }], false],
    ["not when nothing fires", { t: "1", cluster: "a" }, [], false],
    ["not by itself", { s: "1", t: "1", cluster: "a" }, [{ s: "1", t: "1", cluster: "a" }], false],
    [
      "not when both match both sides",
      { s: "1", t: "1", cluster: "a", x: "1" },
      [{ s: "1", t: "1", cluster: "a", x: "2" }],
      false,
    ],
    [
      "by a pure source although it matches both sides",
      { s: "1", t: "1", cluster: "a" },
      [{ s: "1", cluster: "a" }],
      true,
    ],
    [
      "by a source that is a target too, when it is a target only",
      { t: "1", cluster: "a" },
      [{ s: "1", t: "1", cluster: "a" }],
      true,
    ],
  ])("%s", (_, target, sources, yes) => {
    expect(inhibited(target, sources)).toEqual(yes ? [fingerprint(sources[0]!)] : []);
  });

  test("every rule that inhibits names its source once", () => {
    const source = { s: "1", cluster: "a" };
    expect(inhibited({ t: "1", cluster: "a" }, [source], [rule, rule])).toEqual([fingerprint(source)]);
  });

  test("only alerts that match a source side are worth keeping", () => {
    const keeps = isSource([rule]);
    expect([keeps({ s: "1" }), keeps({ t: "1" })]).toEqual([true, false]);
  });
});
