import fc from "fast-check";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/core/route/config.ts";
import { World } from "../../support/world.ts";

const document = readConfig(`
route:
  receiver: team
  group_by: [team]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 12h
receivers:
  - name: team
    targets: [slack]
inhibit_rules:
  - source_matchers: ['kind="source"']
    target_matchers: ['kind="target"']
    equal: [team]
`);
if (!document.ok) throw new Error(JSON.stringify(document.error));
const config = document.value.config;

interface Subject {
  readonly instance: string;
  readonly kind: string;
  readonly team: string;
}
const SUBJECTS: readonly Subject[] = ["x", "y"].flatMap((team) =>
  ["source", "target", "plain"].map((kind) => ({ instance: `${kind}-${team}`, kind, team })),
);

const step = fc.record({
  wait: fc.integer({ min: 1, max: 900 }),
  who: fc.constantFrom(...SUBJECTS),
  what: fc.constantFrom(
    "fires" as const,
    "fires" as const,
    "resolves" as const,
    "silence" as const,
    "restart" as const,
  ),
  minutes: fc.integer({ min: 1, max: 120 }),
});

test("however alerts, silences and inhibition interleave, the target's picture ends true", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
      const world = new World(config);
      const firing = new Set<string>();
      const silenced = new Map<string, number>();
      let now = 0;
      for (const { wait, who, what, minutes } of steps) {
        now += wait;
        if (what === "fires") {
          world.fires(`${now}s`, { alertname: "A", ...who });
          firing.add(who.instance);
        } else if (what === "resolves") {
          world.resolves(`${now}s`, { alertname: "A", ...who });
          firing.delete(who.instance);
        } else if (what === "silence") {
          const end = now + minutes * 60;
          world.silence(`s${now}`, `instance="${who.instance}"`, `${now}s`, `${end}s`);
          silenced.set(who.instance, Math.max(end, silenced.get(who.instance) ?? 0));
        } else world.restart();
      }
      // Long enough for every silence to end and every group to flush, and for nothing to be repeated.
      world.until(`${now + 3 * 3600}s`);
      const picture = new Set<string>();
      const everTold = new Set<string>();
      for (const { firing: told, resolved } of world.heard) {
        for (const instance of told) {
          picture.add(instance);
          everTold.add(instance);
        }
        for (const instance of resolved) picture.delete(instance);
      }
      for (const { instance, kind, team } of SUBJECTS) {
        const isInhibited = kind === "target" && firing.has(`source-${team}`);
        if (!firing.has(instance)) expect([instance, picture.has(instance)]).toEqual([instance, false]);
        else if (!isInhibited) expect([instance, picture.has(instance)]).toEqual([instance, true]);
        else if (picture.has(instance)) expect(everTold.has(instance)).toBe(true);
      }
      expect(world.heard.every((heard) => heard.firing.length + heard.resolved.length > 0)).toBe(true);
    }),
    { numRuns: 10_000 },
  );
}, 300_000);
