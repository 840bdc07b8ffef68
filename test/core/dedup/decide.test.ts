import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Alert, Labels } from "../../../src/core/alert/alert.ts";
import { decide, type Entry, expire, repeat } from "../../../src/core/dedup/decide.ts";

const T = Date.parse("2026-01-01T10:00:00Z");
const MINUTE = 60_000;

const report = (status: "firing" | "resolved", over: Partial<Alert> = {}): Alert => ({
  fingerprint: "b5160f6bd9249a48",
  labels: { alertname: "HighCPU" },
  annotations: { summary: "hot" },
  status,
  startsAt: T,
  endsAt: status === "resolved" ? T + MINUTE : null,
  expiresAt: null,
  generatorURL: "http://prom/graph",
  ...over,
});
const remembered = (...reports: Alert[]): Entry | null =>
  reports.reduce<Entry | null>((entry, alert) => decide(entry, alert, T, null).entry, null);

const firing = report("firing");
const resolved = report("resolved");
const text = (annotations: Labels): Partial<Alert> => ({ annotations });

describe("what a report means next to what is remembered", () => {
  test.each<[sentence: string, before: Entry | null, incoming: Alert, outcome: string, transition: string | null]>([
    ["a first firing is new", null, firing, "new", "new"],
    ["a first resolve is new too, with status resolved", null, resolved, "new", "new"],
    ["the same firing again is a duplicate", remembered(firing), firing, "duplicate", null],
    ["other annotations update", remembered(firing), report("firing", text({ summary: "hotter" })), "updated", null],
    ["absent annotations change nothing", remembered(firing), report("firing", text({})), "duplicate", null],
    ["another link updates", remembered(firing), report("firing", { generatorURL: "http://b" }), "updated", null],
    ["an earlier start updates", remembered(firing), report("firing", { startsAt: T - 1 }), "updated", null],
    ["a later start is a duplicate", remembered(firing), report("firing", { startsAt: T + 1 }), "duplicate", null],
    ["a moved expiry is a duplicate", remembered(firing), report("firing", { expiresAt: T + 9 }), "duplicate", null],
    ["a resolve ends a firing", remembered(firing), resolved, "resolved", "resolved"],
    [
      "an end before the start is old news",
      remembered(firing),
      report("resolved", { endsAt: T - 1 }),
      "duplicate",
      null,
    ],
    ["the same resolve again is a duplicate", remembered(firing, resolved), resolved, "duplicate", null],
    ["a later end updates", remembered(firing, resolved), report("resolved", { endsAt: T + 9e5 }), "updated", null],
    [
      "an earlier end is a duplicate",
      remembered(firing, resolved),
      report("resolved", { endsAt: T + 1 }),
      "duplicate",
      null,
    ],
    ["a firing after a resolve reopens", remembered(firing, resolved), firing, "reopened", "reopened"],
  ])("%s", (_, before, incoming, outcome, transition) => {
    const result = decide(before, incoming, T, "eu");
    expect([result.outcome, result.transition]).toEqual([outcome, transition]);
    expect(result.entry.seq).toBe((before?.seq ?? 0) + (result.durable ? 1 : 0));
  });

  test("the earliest start stays, whichever replica reports it", () => {
    expect(
      remembered(firing, report("firing", { startsAt: T - 5 }), report("firing", { startsAt: T + 5 }))?.startsAt,
    ).toBe(T - 5);
  });

  test("a duplicate counts and renews the expiry", () => {
    const entry = decide(remembered(firing), report("firing", { expiresAt: T + MINUTE }), T + 7, null).entry;
    expect(entry).toMatchObject({ receiveCount: 2, lastReceivedAt: T + 7, expiresAt: T + MINUTE });
  });

  test("annotations that change with every report are remembered at once and written at most every ten minutes", () => {
    const at = (minutes: number, entry: Entry | null) =>
      decide(entry, report("firing", { annotations: { value: String(minutes) } }), T + minutes * MINUTE, null);
    const written: number[] = [];
    let entry: Entry | null = null;
    for (let minutes = 0; minutes <= 30; minutes++) {
      const result = at(minutes, entry);
      if (result.durable) written.push(minutes);
      entry = result.entry;
      expect(entry.annotations).toEqual({ value: String(minutes) });
    }
    expect(written).toEqual([0, 10, 20, 30]);
  });

  test("an alert nobody renews ends at its expiry", () => {
    const ended = expire(remembered(report("firing", { expiresAt: T + MINUTE }))!, T + MINUTE);
    expect(ended.transition).toBe("resolved");
    expect(ended.entry).toMatchObject({ status: "resolved", endsAt: T + MINUTE, expiresAt: null, seq: 2 });
  });

  test("a reopened alert begins a new stretch with the start it was sent with", () => {
    const entry = remembered(firing, resolved, report("firing", { startsAt: T - 99 }))!;
    expect(entry).toMatchObject({ status: "firing", startsAt: T - 99, endsAt: null, seq: 3, episodeSeq: 3 });
  });
});

describe("any order, repetition and interleaving", () => {
  const step = fc.record({
    who: fc.integer({ min: 0, max: 3 }),
    status: fc.constantFrom("firing" as const, "resolved" as const),
    text: fc.constantFrom("a", "b"),
  });

  test("ends in the state of a model that only remembers the last word on each alert", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const entries = new Map<number, Entry>();
        const model = new Map<number, { status: string; transitions: number }>();
        steps.forEach(({ who, status, text: summary }, i) => {
          const at = T + i * MINUTE;
          const alert = report(status, {
            fingerprint: `f${who}`,
            annotations: { summary },
            startsAt: at,
            endsAt: status === "resolved" ? at : null,
          });
          const known = entries.get(who) ?? null;
          const { entry, transition, durable } = decide(known, alert, at, null);
          expect(entry.seq).toBe((known?.seq ?? 0) + (durable ? 1 : 0));
          const before = model.get(who);
          const changes = before === undefined || before.status !== status;
          expect(transition !== null).toBe(changes);
          model.set(who, { status, transitions: (before?.transitions ?? 0) + (changes ? 1 : 0) });
          entries.set(who, entry);
        });
        for (const [who, { status }] of model) expect(entries.get(who)?.status).toBe(status);
      }),
    );
  });
});

test("whatever came before, a report that comes a second time is what repeat says without looking at it", () => {
  const start = fc.integer({ min: 0, max: 3 }).map((n) => T + n * MINUTE);
  const anyReport = fc
    .record({
      status: fc.constantFrom("firing" as const, "resolved" as const),
      startsAt: start,
      endsAt: start,
      expiresAt: fc.option(start),
      annotations: fc.constantFrom<Labels>({}, { summary: "hot" }, { summary: "hotter" }),
      generatorURL: fc.constantFrom("", "http://a", "http://b"),
    })
    .map(({ status, endsAt, expiresAt, ...over }) =>
      report(status, {
        ...over,
        endsAt: status === "resolved" ? endsAt : null,
        expiresAt: status === "firing" ? expiresAt : null,
      }),
    );
  fc.assert(
    fc.property(fc.array(anyReport), anyReport, fc.nat({ max: 30 }), (before, last, minutes) => {
      const { entry } = decide(remembered(...before), last, T, null);
      const later = T + minutes * MINUTE;
      expect(repeat(entry, last.expiresAt, later)).toEqual(decide(entry, last, later, null));
    }),
  );
});
