import { expect, test } from "vitest";
import type { Target } from "../../../src/core/route/target.ts";
import { outlineOf, standIn } from "../../../src/core/route/target-outline.ts";
import { CASES } from "../../contract/targets.ts";

const told = ({ type, format, enabled, priority, sendResolved, per, filter }: Target) => {
  return { type, format, enabled, priority, sendResolved, per, filter };
};

test.each(CASES.map(({ name, target }) => [name, target] as const))(
  "what %s is told of survives in the clear, its secrets do not",
  (name, target) => {
    const unusual = {
      ...target,
      ...{ enabled: false, priority: 7, sendResolved: false, per: "alert" as const },
      filter: {
        severity: ["critical"],
        namespaces: ["a"],
        excludeNoise: true,
        minConfidence: 0.5,
        alertNamePattern: "x.*",
      },
    };
    for (const one of [target, unusual]) {
      const outline = JSON.parse(JSON.stringify(outlineOf(one))) as ReturnType<typeof outlineOf>;
      expect(told(standIn(name, outline))).toEqual(told(one));
      for (const secret of [one.url, ...Object.values(one.credentials).flat(), ...Object.values(one.headers)])
        expect(JSON.stringify(outline)).not.toContain(secret);
    }
  },
);

test("a target like most takes next to nothing", () => {
  expect(outlineOf(standIn("plain"))).toEqual({});
});
