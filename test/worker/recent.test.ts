import fc from "fast-check";
import { expect, test } from "vitest";
import { Recent } from "../../src/worker/recent.ts";

test("never keeps more than its limit, and always the half of it that was used last", () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 30 }), kind: fc.constantFrom("set", "get", "delete") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 2, max: 12 }), (steps, max) => {
      const recent = new Recent<number>(max);
      /** Keys with what was last set, the one used last at the end. */
      const model = new Map<string, number>();
      steps.forEach(({ key, kind }, i) => {
        const name = String(key);
        if (kind === "set") {
          recent.set(name, i);
          model.delete(name);
          model.set(name, i);
        } else if (kind === "delete") {
          recent.delete(name);
          model.delete(name);
        } else {
          const found = recent.get(name);
          if (found !== undefined) {
            expect(found).toBe(model.get(name));
            model.delete(name);
            model.set(name, found);
          }
        }
        expect(recent.size).toBeLessThanOrEqual(max);
        for (const last of [...model.keys()].slice(-Math.floor(max / 2))) expect(recent.has(last)).toBe(true);
      });
    }),
  );
});
