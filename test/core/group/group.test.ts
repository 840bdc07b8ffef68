import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideNotify, type LogEntry } from "../../../src/core/group/decide.ts";
import { addMembers, EMPTY_GROUP, flush, type GroupState, type Member } from "../../../src/core/group/group.ts";

const HOUR = 3_600_000;
const T = 1_000 * HOUR;
const told = (...firing: string[]): LogEntry => ({ firing, at: T - HOUR });
const input = { sendResolved: true, repeatIntervalMs: 4 * HOUR, now: T };

describe("whether a target hears of a group", () => {
  test.each<
    [sentence: string, entry: LogEntry | null, firing: string[], resolved: string[], reason: string, send: boolean]
  >([
    ["nothing told yet and something fires", null, ["a"], [], "firstNotification", true],
    ["nothing told yet and all has resolved", null, [], ["a"], "none", false],
    ["told that nothing fires, and something does", told(), ["a"], [], "firstNotification", true],
    ["told that nothing fires, and nothing does", told(), [], ["a"], "none", false],
    ["a firing alert it has not heard of", told("a"), ["a", "b"], [], "newAlerts", true],
    ["none fires any more", told("a", "b"), [], ["a", "b"], "allResolved", true],
    ["one of those told has resolved", told("a", "b"), ["a"], ["b"], "someResolved", true],
    ["what resolved was never told", told("a"), ["a"], ["z"], "none", false],
    ["nothing changed", told("a"), ["a"], [], "none", false],
    ["what was told is only muted for now", told("a"), [], [], "none", false],
  ])("%s", (_, entry, firing, resolved, reason, send) => {
    expect(decideNotify({ ...input, entry, firing, resolved })).toMatchObject({ reason, send });
  });

  test("an unchanged group is repeated when the repeat interval has passed, not a moment before", () => {
    const entry: LogEntry = { firing: ["a"], at: T - 4 * HOUR };
    expect(decideNotify({ ...input, entry, firing: ["a"], resolved: [] })).toMatchObject({
      reason: "repeatIntervalElapsed",
      send: true,
    });
    expect(decideNotify({ ...input, entry, firing: ["a"], resolved: [], now: T - 1 })).toMatchObject({ send: false });
  });

  test("without send_resolved an end is not told, but what was told is forgotten", () => {
    const decision = decideNotify({ ...input, sendResolved: false, entry: told("a"), firing: [], resolved: ["a"] });
    expect(decision).toMatchObject({ send: false, reason: "allResolved", entry: { firing: [] } });
  });
});

const timing = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 4 * HOUR };
const member = (fingerprint: string, status: "firing" | "resolved", seq: number, startsAt = T): Member => ({
  fingerprint,
  status,
  seq,
  startsAt,
});
const target = (...muted: string[]) => [{ name: "slack", sendResolved: true, muted: new Set(muted) }];

describe("a group", () => {
  test("waits group_wait from its first alert, then group_interval after each flush", () => {
    const first = addMembers(EMPTY_GROUP, [member("a", "firing", 1)], timing, T);
    expect(first.wakeAt).toBe(T + 30_000);
    expect(addMembers(first, [member("b", "firing", 1)], timing, T + 10_000).wakeAt).toBe(T + 30_000);
    const flushed = flush(first, target(), timing, T + 30_000);
    expect(flushed.told).toEqual([{ target: "slack", reason: "firstNotification", firing: ["a"], resolved: [] }]);
    expect(flushed.state.wakeAt).toBe(T + 330_000);
  });

  test("does not wait for an alert that has been firing for longer than group_wait", () => {
    expect(addMembers(EMPTY_GROUP, [member("a", "firing", 1, T - 31_000)], timing, T).wakeAt).toBe(T);
  });

  test("tells the end of everything, and then is gone", () => {
    const open = flush(
      addMembers(EMPTY_GROUP, [member("a", "firing", 1)], timing, T),
      target(),
      timing,
      T + 30_000,
    ).state;
    const { state, told } = flush(
      addMembers(open, [member("a", "resolved", 2)], timing, T + 40_000),
      target(),
      timing,
      T + 330_000,
    );
    expect(told).toMatchObject([{ reason: "allResolved", resolved: ["a"] }]);
    expect(state).toMatchObject({ members: [], log: {}, wakeAt: null });
  });

  test("says nothing of what resolved before anybody was told", () => {
    const state = addMembers(EMPTY_GROUP, [member("a", "firing", 1), member("a", "resolved", 2)], timing, T);
    expect(flush(state, target(), timing, T + 30_000).told).toEqual([]);
  });

  test("keeps the newer word of a member, whatever the order they come in", () => {
    const state = addMembers(EMPTY_GROUP, [member("a", "resolved", 2), member("a", "firing", 1)], timing, T);
    expect(state.members).toEqual([member("a", "resolved", 2)]);
  });

  test("tells the end of a told alert although it is muted by now", () => {
    const open = flush(addMembers(EMPTY_GROUP, [member("a", "firing", 1)], timing, T), target(), timing, T).state;
    const { told } = flush(addMembers(open, [member("a", "resolved", 2)], timing, T), target("a"), timing, T + 300_000);
    expect(told).toMatchObject([{ reason: "allResolved", resolved: ["a"] }]);
  });

  test("a muted firing is told once the mute is over", () => {
    const state = flush(
      addMembers(EMPTY_GROUP, [member("a", "firing", 1)], timing, T),
      target("a"),
      timing,
      T + 30_000,
    );
    expect(state.told).toEqual([]);
    expect(flush(state.state, target(), timing, T + 330_000).told).toMatchObject([{ reason: "firstNotification" }]);
  });

  test("keeps in mind what was told and is muted while others are told of", () => {
    const open = flush(addMembers(EMPTY_GROUP, [member("a", "firing", 1)], timing, T), target(), timing, T).state;
    const more = flush(addMembers(open, [member("b", "firing", 1)], timing, T), target("a"), timing, T + 300_000);
    expect(more.told).toMatchObject([{ reason: "newAlerts", firing: ["b"] }]);
    const ended = addMembers(more.state, [member("a", "resolved", 2)], timing, T + 300_001);
    expect(flush(ended, target("a"), timing, T + 600_000).told).toMatchObject([
      { reason: "someResolved", resolved: ["a"] },
    ]);
  });

  test("does not call all resolved what still fires and is muted", () => {
    const both = addMembers(EMPTY_GROUP, [member("a", "firing", 1), member("b", "firing", 1)], timing, T);
    const open = flush(both, target(), timing, T).state;
    const one = flush(addMembers(open, [member("b", "resolved", 2)], timing, T), target("a"), timing, T + 300_000);
    expect(one.told).toMatchObject([{ reason: "someResolved", firing: [], resolved: ["b"] }]);
    const later = flush(one.state, target(), timing, T + 600_000);
    expect(later.told).toEqual([]);
    expect(flush(one.state, target("a"), timing, T + 9 * HOUR).told).toEqual([]);
  });

  test("whatever is muted when, every end of a told firing is told, and nothing else is taken for ended", () => {
    const step = fc.record({
      who: fc.constantFrom("a", "b", "c"),
      status: fc.constantFrom("firing" as const, "resolved" as const),
      muted: fc.subarray(["a", "b", "c"]),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state: GroupState = EMPTY_GROUP;
        const truth = new Map<string, string>();
        const picture = new Set<string>();
        steps.forEach(({ who, status, muted }, i) => {
          truth.set(who, status);
          const now = T + i * timing.groupIntervalMs;
          const result = flush(
            addMembers(state, [member(who, status, i + 1)], timing, now),
            target(...muted),
            timing,
            now,
          );
          state = result.state;
          for (const { reason, firing, resolved } of result.told) {
            for (const fingerprint of firing) picture.add(fingerprint);
            for (const fingerprint of resolved) picture.delete(fingerprint);
            expect(reason === "allResolved" && picture.size > 0).toBe(false);
          }
          for (const fingerprint of picture) expect(truth.get(fingerprint)).toBe("firing");
          for (const [fingerprint, is] of truth) {
            if (is === "firing" && !muted.includes(fingerprint)) expect(picture.has(fingerprint)).toBe(true);
          }
        });
      }),
    );
  });

  test("in any order of changes and flushes, a target's picture is true after each flush and no end is swallowed", () => {
    const step = fc.record({
      who: fc.constantFrom("a", "b", "c"),
      status: fc.constantFrom("firing" as const, "resolved" as const),
      flush: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        let state: GroupState = EMPTY_GROUP;
        const truth = new Map<string, string>();
        const picture = new Set<string>();
        let now = T;
        steps.forEach(({ who, status, flush: flushNow }, i) => {
          truth.set(who, status);
          state = addMembers(state, [member(who, status, i + 1)], timing, now);
          if (!flushNow) return;
          now += timing.groupIntervalMs;
          const result = flush(state, target(), timing, now);
          state = result.state;
          for (const { firing, resolved } of result.told) {
            for (const fingerprint of firing) picture.add(fingerprint);
            for (const fingerprint of resolved) picture.delete(fingerprint);
          }
          expect([...picture].toSorted()).toEqual(
            [...truth]
              .filter(([, s]) => s === "firing")
              .map(([f]) => f)
              .toSorted(),
          );
        });
      }),
    );
  });
});
