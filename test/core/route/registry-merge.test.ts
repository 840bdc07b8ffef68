import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergeReading, type Reading, secretKey } from "../../../src/core/route/registry-merge.ts";
import {
  type ClusterState,
  confirm,
  type Drift,
  EMPTY_CLUSTER,
  freeze,
  frozenOf,
  nextSyncAt,
} from "../../../src/core/route/registry-state.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const MINUTE = 60_000;

type Item = Reading["targets"][number];
const item = (secret: string, over: Partial<Item> = {}): Item => ({
  namespace: "alerts",
  secret,
  name: secret,
  sealed: `sealed ${secret}`,
  warnings: [],
  isChanged: true,
  ...over,
});
const same = (secret: string, over: Partial<Item> = {}): Item => item(secret, { isChanged: false, ...over });
const reading = (targets: readonly Item[], over: Partial<Reading> = {}): Reading => ({
  etag: '"1"',
  complete: true,
  namespaces: [{ name: "alerts", status: "ok" }],
  targets,
  invalid: [],
  ...over,
});
const broken = (secret: string, namespace = "alerts"): Reading["invalid"][number] => ({
  namespace,
  secret,
  reason: "missing_url",
  detail: "url is missing",
});
const states = (...readings: Reading[]): ClusterState =>
  readings.reduce((state, next, i) => mergeReading(state, next, NOW + i * MINUTE).state, EMPTY_CLUSTER);
const names = (state: ClusterState): string[] => state.targets.map(({ name }) => name);
const kinds = (drift: readonly Drift[]): string[] =>
  drift.map(({ kind, secret }) => (secret === null ? kind : `${kind} ${secret}`));

const ABC = states(reading([item("a"), item("b"), item("c")]));
const AB = [
  { name: "a-space", status: "ok" as const },
  { name: "b-space", status: "ok" as const },
];
const TWO = states(
  reading(
    [item("a", { namespace: "a-space" }), item("b", { namespace: "b-space" }), item("c", { namespace: "b-space" })],
    {
      namespaces: AB,
    },
  ),
);
const forbidden = [
  { name: "a-space", status: "ok" as const },
  { name: "b-space", status: "forbidden" as const, error: "403" },
];

describe("one snapshot after another", () => {
  test.each<[sentence: string, before: ClusterState, next: Reading, names: string[], drift: string[]]>([
    ["the first one adds all", EMPTY_CLUSTER, reading([item("a"), item("b")]), ["a", "b"], ["added a", "added b"]],
    ["the same again changes nothing", ABC, reading([same("a"), same("b"), same("c")]), ["a", "b", "c"], []],
    [
      "a new Secret is added",
      ABC,
      reading([same("a"), same("b"), same("c"), item("d")]),
      ["a", "b", "c", "d"],
      ["added d"],
    ],
    ["another definition is a change", ABC, reading([item("a"), same("b"), same("c")]), ["a", "b", "c"], ["changed a"]],
    ["a new name too", ABC, reading([item("a", { name: "z" }), same("b"), same("c")]), ["z", "b", "c"], ["changed a"]],
    ["a Secret that is gone is removed", ABC, reading([same("a"), same("b")]), ["a", "b"], ["removed c"]],
    [
      "one that became invalid stays",
      ABC,
      reading([same("a"), same("b")], { invalid: [broken("c")] }),
      ["a", "b", "c"],
      ["invalid c"],
    ],
    [
      "even when all of them did",
      ABC,
      reading([], { invalid: [broken("a"), broken("b"), broken("c")] }),
      ["a", "b", "c"],
      ["invalid a", "invalid b", "invalid c"],
    ],
    [
      "one that was never valid is no target",
      ABC,
      reading([same("a"), same("b"), same("c")], { invalid: [broken("d")] }),
      ["a", "b", "c"],
      ["invalid d"],
    ],
    [
      "a forbidden namespace keeps its own",
      TWO,
      reading([same("a", { namespace: "a-space" })], { complete: false, namespaces: forbidden }),
      ["a", "b", "c"],
      [],
    ],
    [
      "and the others go on",
      TWO,
      reading([item("d", { namespace: "a-space" })], { complete: false, namespaces: forbidden }),
      ["d", "b", "c"],
      ["removed a", "added d"],
    ],
    [
      "an incomplete list of everything removes nothing",
      ABC,
      reading([same("a")], { complete: false, namespaces: [{ name: "*", status: "error" }] }),
      ["a", "b", "c"],
      [],
    ],
    [
      "but adds and changes",
      ABC,
      reading([item("a"), item("d")], { complete: false, namespaces: [{ name: "*", status: "error" }] }),
      ["a", "b", "c", "d"],
      ["changed a", "added d"],
    ],
    [
      "an incomplete answer that names no namespace removes nothing",
      ABC,
      reading([], { complete: false, namespaces: [] }),
      ["a", "b", "c"],
      [],
    ],
    [
      "complete, but a namespace is not: that is not complete",
      ABC,
      reading([], { namespaces: [{ name: "alerts", status: "error" }] }),
      ["a", "b", "c"],
      [],
    ],
    [
      "a namespace no longer read is gone when the rest is whole",
      TWO,
      reading([same("b", { namespace: "b-space" }), same("c", { namespace: "b-space" })], { namespaces: AB.slice(1) }),
      ["b", "c"],
      ["removed a"],
    ],
  ])("%s", (_, before, next, expected, drift) => {
    const merged = mergeReading(before, next, NOW + MINUTE);
    expect(names(merged.state)).toEqual(expected);
    expect(kinds(merged.drift).toSorted()).toEqual(drift.toSorted());
    expect(merged.state).toMatchObject({ error: null, held: null, frozenSince: null, lastSuccess: NOW + MINUTE });
  });

  test("an unchanged definition keeps its sealed text and its age, a changed one takes the new", () => {
    const { state } = mergeReading(
      ABC,
      reading([same("a", { sealed: "x" }), item("b", { sealed: "y" }), same("c")]),
      NOW + MINUTE,
    );
    expect(state.targets.map(({ sealed, changedAt }) => [sealed, changedAt - NOW])).toEqual([
      ["sealed a", 0],
      ["y", MINUTE],
      ["sealed c", 0],
    ]);
  });

  test("an invalid Secret is stale since it broke, and says when it is repaired", () => {
    const sick = reading([same("a"), same("b")], { invalid: [broken("c")] });
    const stale = states(reading([item("a"), item("b"), item("c")]), sick, sick);
    expect(stale.targets[2]?.staleSince).toBe(NOW + MINUTE);
    expect(stale.invalid).toEqual([{ ...broken("c"), since: NOW + MINUTE }]);
    const healed = mergeReading(stale, reading([same("a"), same("b"), same("c")]), NOW + 5 * MINUTE);
    expect([healed.state.targets[2]?.staleSince, healed.state.invalid, kinds(healed.drift)]).toEqual([
      null,
      [],
      ["repaired c"],
    ]);
  });

  test("a forbidden namespace is frozen since it was first seen so, the others are not", () => {
    const next = reading([same("a", { namespace: "a-space" })], { complete: false, namespaces: forbidden });
    const once = mergeReading(TWO, next, NOW + MINUTE).state;
    const twice = mergeReading(once, next, NOW + 2 * MINUTE).state;
    expect(frozenOf(twice, "b-space")).toEqual({ since: NOW + MINUTE, reason: "forbidden" });
    expect(frozenOf(twice, "a-space")).toBeNull();
  });
});

describe("a snapshot that would remove most", () => {
  const none = reading([]);
  test("waits for a second one that would leave the same, and nothing of it is applied before", () => {
    const first = mergeReading(ABC, reading([item("d")]), NOW + MINUTE);
    expect([names(first.state), kinds(first.drift)]).toEqual([["a", "b", "c"], ["held"]]);
    expect(first.state).toMatchObject({
      error: "removal_held",
      frozenSince: NOW + MINUTE,
      etag: '"1"',
      lastSuccess: NOW,
    });
    const second = mergeReading(first.state, reading([item("d")]), NOW + 2 * MINUTE);
    expect(names(second.state)).toEqual(["d"]);
    expect(kinds(second.drift).toSorted()).toEqual(["added d", "removed a", "removed b", "removed c", "thawed"]);
  });
  test("whatever is read meanwhile, it goes a minute after it was first missed, and is told of once", () => {
    let state = ABC;
    const told: string[] = [];
    for (const after of [0, 1, 2_000, 30_000, MINUTE - 1, MINUTE]) {
      expect(names(state)).toEqual(["a", "b", "c"]);
      const merged = mergeReading(state, none, NOW + after);
      told.push(...kinds(merged.drift).map((kind) => `${after} ${kind}`));
      state = merged.state;
      if (after < MINUTE) expect(nextSyncAt(state, 5 * MINUTE)).toBe(NOW + MINUTE);
    }
    expect(names(state)).toEqual([]);
    expect(told).toEqual([
      "0 held",
      ...["thawed", "removed a", "removed b", "removed c"].map((kind) => `60000 ${kind}`),
    ]);
  });
  test("what would leave others has a minute of its own", () => {
    const first = mergeReading(ABC, none, NOW).state;
    const other = mergeReading(first, reading([same("a")]), NOW + 59_000).state;
    expect(names(mergeReading(other, reading([same("a")]), NOW + MINUTE).state)).toEqual(["a", "b", "c"]);
    expect(names(mergeReading(other, reading([same("a")]), NOW + 119_000).state)).toEqual(["a"]);
  });
  test("one that would leave others waits again", () => {
    const first = mergeReading(ABC, none, NOW + MINUTE).state;
    const other = mergeReading(first, reading([same("a")]), NOW + 2 * MINUTE).state;
    expect(names(other)).toEqual(["a", "b", "c"]);
    expect(names(mergeReading(other, reading([same("a")]), NOW + 3 * MINUTE).state)).toEqual(["a"]);
  });
  test("a good one in between forgets it", () => {
    const first = mergeReading(ABC, none, NOW + MINUTE).state;
    const good = mergeReading(first, reading([same("a"), same("b"), same("c")]), NOW + 2 * MINUTE).state;
    expect(names(mergeReading(good, none, NOW + 3 * MINUTE).state)).toEqual(["a", "b", "c"]);
    expect(names(mergeReading(confirm(first, NOW).state, none, NOW + 3 * MINUTE).state)).toEqual(["a", "b", "c"]);
  });
  test("a failure in between does not", () => {
    const first = mergeReading(ABC, none, NOW + MINUTE).state;
    const failed = freeze(first, "timeout", NOW + 2 * MINUTE).state;
    expect(names(mergeReading(failed, none, NOW + 3 * MINUTE).state)).toEqual([]);
  });
  test("half of them is not most, and the only one is", () => {
    const two = states(reading([item("a"), item("b")]));
    expect(names(mergeReading(two, reading([same("a")]), NOW).state)).toEqual(["a"]);
    const one = states(reading([item("a")]));
    expect(names(mergeReading(one, none, NOW).state)).toEqual(["a"]);
  });
});

describe("a reading that failed", () => {
  test("keeps everything, counts, and says since when", () => {
    const once = freeze(ABC, "unreachable", NOW + MINUTE);
    const twice = freeze(once.state, "unreachable", NOW + 2 * MINUTE);
    expect(names(twice.state)).toEqual(["a", "b", "c"]);
    expect(twice.state).toMatchObject({ error: "unreachable", frozenSince: NOW + MINUTE, consecutiveFailures: 2 });
    expect([kinds(once.drift), kinds(twice.drift)]).toEqual([["frozen"], []]);
    expect(frozenOf(twice.state, "alerts")).toEqual({ since: NOW + MINUTE, reason: "unreachable" });
    expect(kinds(confirm(twice.state, NOW + 3 * MINUTE).drift)).toEqual(["thawed"]);
  });
  test("is tried again after 1, 2, 4 and then every 5 minutes, never later than the interval", () => {
    const waits = (intervalMs: number): number[] => {
      let state = ABC;
      return Array.from({ length: 5 }, () => {
        state = freeze(state, "timeout", NOW).state;
        return (nextSyncAt(state, intervalMs) - NOW) / MINUTE;
      });
    };
    expect(waits(60 * MINUTE)).toEqual([1, 2, 4, 5, 5]);
    expect(waits(3 * MINUTE)).toEqual([1, 2, 3, 3, 3]);
    expect(nextSyncAt(EMPTY_CLUSTER, MINUTE)).toBe(0);
    expect(nextSyncAt(ABC, 5 * MINUTE)).toBe(NOW + 5 * MINUTE);
    expect(nextSyncAt(mergeReading(ABC, reading([]), NOW).state, 5 * MINUTE)).toBe(NOW + MINUTE);
  });
});

test("whatever is answered, a target goes only when its namespace was seen whole without its Secret", () => {
  const secret = fc.constantFrom("a", "b", "c", "d", "e");
  const namespace = fc.constantFrom("one", "two");
  const status = fc.constantFrom("ok" as const, "forbidden" as const, "error" as const);
  const anyReading = fc.record({
    complete: fc.boolean(),
    namespaces: fc
      .tuple(status, status, fc.boolean())
      .map(([one, two, both]) => [{ name: "one", status: one }, ...(both ? [{ name: "two", status: two }] : [])]),
    listed: fc.uniqueArray(fc.tuple(namespace, secret), { selector: String }),
    broken: fc.uniqueArray(fc.tuple(namespace, secret), { selector: String }),
  });
  fc.assert(
    fc.property(fc.array(anyReading, { maxLength: 12 }), (answers) => {
      let state = EMPTY_CLUSTER;
      for (const [i, answer] of answers.entries()) {
        const next = reading(
          answer.listed.map(([space, name]) => item(name, { namespace: space })),
          { ...answer, invalid: answer.broken.map(([space, name]) => broken(name, space)) },
        );
        const merged = mergeReading(state, next, NOW + i * MINUTE).state;
        const kept = new Set(merged.targets.map(secretKey));
        const mentioned = new Set([...next.targets, ...next.invalid].map(secretKey));
        const whole = answer.complete && answer.namespaces.every((space) => space.status === "ok");
        for (const target of state.targets) {
          if (kept.has(secretKey(target))) continue;
          expect(mentioned.has(secretKey(target))).toBe(false);
          expect(
            whole || answer.namespaces.some(({ name, status: s }) => name === target.namespace && s === "ok"),
          ).toBe(true);
        }
        if (merged.held === null) for (const target of next.targets) expect(kept.has(secretKey(target))).toBe(true);
        expect(kept.size).toBe(merged.targets.length);
        state = merged;
      }
    }),
    { numRuns: 500 },
  );
});
