import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Budget,
  type BudgetLimits,
  EMPTY_BUDGET,
  learnUsage,
  returnCall,
  takeCall,
} from "../../../src/core/classify/budget.ts";

const NOON = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;
const LIMITS: BudgetLimits = { perDay: 5, perNamePerHour: 2, severityFloor: null, concurrency: 10, leaseMs: 1000 };
const WARNING = { name: "HighCPU", severity: "warning" } as const;

function take(budget: Budget, now: number, name = "HighCPU", limits = LIMITS) {
  return takeCall(budget, { ...WARNING, name }, now, limits);
}
/** Takes and hands back at once. */
function spend(calls: readonly (readonly [name: string, at: number])[], limits = LIMITS): Budget {
  return calls.reduce((budget, [name, at]) => {
    const spending = take(budget, at, name, limits);
    if (!spending.allowed) throw new Error(`refused: ${spending.reason}`);
    return returnCall(spending.budget, spending.lease);
  }, EMPTY_BUDGET);
}

describe("limits", () => {
  const twice = spend([
    ["HighCPU", NOON],
    ["HighCPU", NOON + 1],
  ]);
  const five = spend([
    ["A", NOON],
    ["B", NOON],
    ["C", NOON],
    ["D", NOON],
    ["E", NOON],
  ]);
  const rows: readonly [string, ReturnType<typeof take>, string | null][] = [
    ["the first call is allowed", take(EMPTY_BUDGET, NOON), null],
    ["a third call for one name within the hour is not", take(twice, NOON + 2), "name_budget"],
    ["another name still is", take(twice, NOON + 2, "HighIO"), null],
    ["with the next hour the name is allowed again", take(twice, NOON + HOUR), null],
    ["a sixth call of the day is not", take(five, NOON + HOUR), "day_budget"],
    ["with the next UTC day it is", take(five, NOON + 12 * HOUR), null],
    ["without limits everything is", take(five, NOON, "A", { ...LIMITS, perDay: null, perNamePerHour: null }), null],
    ["a name of Object's own is a name", take(EMPTY_BUDGET, NOON, "__proto__"), null],
  ];
  test.each(rows)("%s", (_sentence, spending, reason) => {
    expect(spending.allowed ? null : spending.reason).toBe(reason);
  });

  test.each([
    ["critical", "warning", true],
    ["warning", "warning", true],
    ["info", "warning", false],
    ["info", null, true],
    ["warning", "critical", false],
  ] as const)("%s above a floor of %s: %s", (severity, severityFloor, allowed) => {
    const spending = takeCall(EMPTY_BUDGET, { name: "A", severity }, NOON, { ...LIMITS, severityFloor });
    expect(spending.allowed).toBe(allowed);
    if (!spending.allowed) expect(spending.reason).toBe("severity_floor");
  });
});

describe("calls at once", () => {
  const limits = { ...LIMITS, perDay: null, perNamePerHour: null, concurrency: 2 };
  const first = take(EMPTY_BUDGET, NOON, "A", limits);
  if (!first.allowed) throw new Error("expected a call");
  const second = take(first.budget, NOON + 1, "B", limits);
  if (!second.allowed) throw new Error("expected a call");

  test("more than the limit are busy", () => {
    expect(take(second.budget, NOON + 2, "C", limits)).toMatchObject({ allowed: false, reason: "busy" });
  });
  test("a returned call frees its place, once", () => {
    const returned = returnCall(returnCall(second.budget, first.lease), first.lease);
    const third = take(returned, NOON + 2, "C", limits);
    expect(third.allowed).toBe(true);
    if (third.allowed) expect(take(third.budget, NOON + 2, "D", limits).allowed).toBe(false);
  });
  test("one that never came back frees it after its lease", () => {
    expect(take(second.budget, NOON + 999, "C", limits).allowed).toBe(false);
    expect(take(second.budget, NOON + 1000, "C", limits).allowed).toBe(true);
  });
});

describe("what other isolates spent", () => {
  test("counts as our own", () => {
    const learnt = learnUsage(EMPTY_BUDGET, { dayCalls: 4, hourCalls: [["HighCPU", 2]] }, NOON);
    expect(take(learnt, NOON)).toMatchObject({ allowed: false, reason: "name_budget" });
    const other = take(learnt, NOON, "HighIO");
    expect(other.allowed).toBe(true);
    if (other.allowed) expect(take(other.budget, NOON, "C")).toMatchObject({ allowed: false, reason: "day_budget" });
  });
  test("a late report gives nothing back", () => {
    const twice = spend([
      ["HighCPU", NOON],
      ["HighCPU", NOON],
    ]);
    const learnt = learnUsage(twice, { dayCalls: 1, hourCalls: [["HighCPU", 1]] }, NOON);
    expect(take(learnt, NOON)).toMatchObject({ allowed: false, reason: "name_budget" });
  });
});

test("for any sequence: never more calls per day, per name and hour, and at once than allowed", () => {
  const step = fc.record({
    name: fc.constantFrom("A", "B", "constructor"),
    wait: fc.integer({ min: 0, max: HOUR }),
    back: fc.boolean(),
  });
  const limits = { perDay: 7, perNamePerHour: 2, severityFloor: null, concurrency: 3, leaseMs: 24 * HOUR };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let budget = EMPTY_BUDGET;
      let now = NOON;
      const leases: number[] = [];
      const taken: { readonly name: string; readonly at: number }[] = [];
      for (const { name, wait, back } of steps) {
        now += wait;
        const spending = take(budget, now, name, limits);
        if (spending.allowed) {
          budget = spending.budget;
          leases.push(spending.lease);
          taken.push({ name, at: now });
        }
        expect(leases.length).toBeLessThanOrEqual(3);
        const lease = back ? leases.shift() : undefined;
        if (lease !== undefined) budget = returnCall(budget, lease);
        for (let i = leases.length - 1; i >= 0; i -= 1) if (leases[i]! <= now) leases.splice(i, 1);
      }
      const day = (at: number) => Math.floor(at / (24 * HOUR));
      const hour = (at: number) => Math.floor(at / HOUR);
      for (const call of taken) {
        expect(taken.filter(({ at }) => day(at) === day(call.at)).length).toBeLessThanOrEqual(7);
        const same = taken.filter(({ name, at }) => name === call.name && hour(at) === hour(call.at));
        expect(same.length).toBeLessThanOrEqual(2);
      }
    }),
  );
});
