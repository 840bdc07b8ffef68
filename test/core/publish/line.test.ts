import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatOf } from "../../../src/core/publish/index.ts";
import { compareEntries, type LineEntry, type Opened, openedAfter, stepLine } from "../../../src/core/publish/line.ts";
import type { Notification } from "../../../src/core/publish/notification.ts";
import type { Receipt } from "../../../src/core/publish/outcome.ts";
import type { Target } from "../../../src/core/route/target.ts";
import { readTarget } from "../../../src/core/route/target-read.ts";
import { createPagerDuty } from "../../support/sinks/pagerduty.ts";
import { createSink } from "../../support/sinks/sink.ts";

const NOW = Date.UTC(2026, 0, 1);
const KEY = "0123456789abcdef0123456789abcdef";
const FINGERPRINT = "00000000000000aa";

const notification = (seq: number, status: "firing" | "resolved"): Notification => ({
  id: `${FINGERPRINT}:${seq}:pager`,
  kind: "alerts",
  status,
  reason: "firstNotification",
  groupKey: "{}",
  groupLabels: { alertname: "A" },
  commonLabels: { alertname: "A" },
  commonAnnotations: {},
  routeLabels: {},
  receiver: "pager",
  alerts: [
    {
      fingerprint: FINGERPRINT,
      status,
      labels: { alertname: "A" },
      annotations: {},
      startsAt: NOW,
      endsAt: status === "resolved" ? NOW : null,
      generatorURL: "",
      severity: "critical",
      classification: null,
    },
  ],
  truncatedAlerts: 0,
  publicUrl: "https://alerts.example.com",
  enrichmentMode: "transparent",
  replay: false,
  at: NOW,
});
const reminder = (replay: number): LineEntry => ({
  ...entry(1, "firing", { replay }),
  notification: { ...notification(1, "firing"), reason: "repeatIntervalElapsed" },
});
const entry = (seq: number, status: "firing" | "resolved", more: Partial<LineEntry> = {}): LineEntry => ({
  seq,
  replay: 0,
  notification: notification(seq, status),
  attempted: false,
  attempts: [],
  since: NOW,
  unheard: null,
  ...more,
});

/** What becomes of a whole line when every telling succeeds. */
const run = (line: readonly LineEntry[], opened: Opened, audience: "chat" | "pager" | "machine", toldSeq = 0) => {
  const said: string[] = [];
  let told = { seq: toldSeq, opened };
  let rest = line;
  for (;;) {
    const step = stepLine(rest, told.seq === 0 ? null : told, audience);
    if (step.kind === "empty") return said;
    const state = step.kind === "tell" ? "delivered" : step.state;
    const word = step.kind === "tell" ? `${step.notification.kind} ${step.notification.status}` : step.reason;
    said.push(`${step.entry.seq} ${word}`);
    const { status } = step.entry.notification;
    const { seq, attempted } = step.entry;
    const opened = openedAfter(told.opened, { status, state, attempted, isNewest: seq > told.seq });
    told = { seq: Math.max(told.seq, seq), opened };
    rest = step.rest;
  }
};

describe("the front of a line", () => {
  const tried = { attempted: true };
  const late = { since: NOW + 61_000 };
  test.each<[string, LineEntry[], Opened, "chat" | "pager", number, string[]]>([
    ["a firing alone is told", [entry(1, "firing")], "none", "chat", 0, ["1 alerts firing"]],
    ["both ends of what was told are told", [entry(2, "resolved")], "open", "pager", 1, ["2 alerts resolved"]],
    [
      "a resolve out of nowhere is left to the format",
      [entry(2, "resolved")],
      "none",
      "pager",
      0,
      ["2 alerts resolved"],
    ],
    ["a reminder is told", [reminder(2)], "open", "pager", 1, ["1 alerts firing"]],
    [
      "of several reminders the last",
      [reminder(2), reminder(3), reminder(4)],
      "open",
      "pager",
      1,
      ["1 superseded", "1 superseded", "1 alerts firing"],
    ],
    [
      "a reminder is over with its alert",
      [reminder(2), entry(2, "resolved")],
      "open",
      "pager",
      1,
      ["1 resolved_first", "2 alerts resolved"],
    ],
    ["what was told is not told again", [entry(1, "firing")], "open", "chat", 2, ["1 superseded"]],
    [
      "over before anybody tried",
      [entry(1, "firing"), entry(2, "resolved")],
      "none",
      "chat",
      0,
      ["1 resolved_first", "2 not_opened"],
    ],
    [
      "tried, then over: a chat hears once",
      [entry(1, "firing", tried), entry(2, "resolved")],
      "none",
      "chat",
      0,
      ["1 superseded", "2 missed resolved"],
    ],
    [
      "tried, then over: a pager may know of it",
      [entry(1, "firing", tried), entry(2, "resolved")],
      "none",
      "pager",
      0,
      ["1 superseded", "2 alerts resolved"],
    ],
    [
      "deferred for over a minute: a chat hears once",
      [entry(1, "firing"), entry(2, "resolved", late)],
      "none",
      "chat",
      0,
      ["1 resolved_first", "2 missed resolved"],
    ],
    [
      "deferred for over a minute: no pager is woken",
      [entry(1, "firing"), entry(2, "resolved", late)],
      "none",
      "pager",
      0,
      ["1 resolved_first", "2 not_opened"],
    ],
    [
      "a flap behind what is open ends it once",
      [entry(2, "resolved"), entry(3, "firing"), entry(4, "resolved")],
      "open",
      "chat",
      1,
      ["2 superseded", "3 resolved_first", "4 alerts resolved"],
    ],
    [
      "a resolve is told before the next firing",
      [entry(2, "resolved"), entry(3, "firing")],
      "open",
      "pager",
      1,
      ["2 alerts resolved", "3 alerts firing"],
    ],
    [
      "a resolve that comes late does not end what overtook it",
      [entry(2, "resolved"), entry(3, "firing", { attempted: true, attempts: [1] })],
      "none",
      "pager",
      0,
      ["2 superseded", "3 alerts firing"],
    ],
    [
      "unless the one before was told: that end is owed",
      [entry(2, "resolved"), entry(3, "firing", { attempted: true, attempts: [1] })],
      "open",
      "pager",
      1,
      ["2 alerts resolved", "3 alerts firing"],
    ],
    ["a firing given up is remembered", [entry(2, "resolved")], "unheard", "chat", 1, ["2 missed resolved"]],
    [
      "a replay is told although it was told before",
      [entry(1, "firing", { replay: 1 })],
      "open",
      "chat",
      1,
      ["1 alerts firing"],
    ],
    ["a replay of old news is not", [entry(1, "firing", { replay: 1 })], "none", "chat", 2, ["1 superseded"]],
  ])("%s", (_, line, opened, audience, toldSeq, expected) => {
    expect(run(line, opened, audience, toldSeq)).toEqual(expected);
  });

  test("resolved alerts of a skipped group notification are told with the next", () => {
    const first = notification(2, "firing");
    const gone = { ...first.alerts[0]!, fingerprint: "b", status: "resolved" as const };
    const older = entry(2, "firing", { notification: { ...first, alerts: [...first.alerts, gone] } });
    const step = stepLine([older, entry(3, "firing")], { seq: 1, opened: "open" }, "chat");
    expect(step.kind === "skip" && step.rest[0]?.notification.alerts.map((alert) => alert.fingerprint)).toEqual([
      FINGERPRINT,
      "b",
    ]);
  });
});

test.each([
  ["a firing that was tried and skipped may be known: its end is owed", "none", "superseded", true, true, "unheard"],
  ["one that was never tried is not", "none", "superseded", false, true, "none"],
  ["nor one that comes after its end was told", "none", "superseded", true, false, "none"],
  ["what is open stays open", "open", "superseded", true, true, "open"],
  ["a firing given up may be known", "none", "dead", true, true, "unheard"],
] as const)("%s", (_, before, state, attempted, isNewest, expected) => {
  expect(openedAfter(before, { status: "firing", state, attempted, isNewest })).toBe(expected);
});

const pager = (): Target => {
  const read = readTarget(
    { name: "pager", type: "pagerduty", url: "https://pd.example.com/v2/enqueue", routing_key: KEY },
    { parseUrl: (text) => (URL.canParse(text) ? new URL(text) : null) },
  );
  if (!read.ok) throw new Error(read.error.detail);
  return read.value;
};

/** 0: accepted; 1: 429; 2: 500; 3: accepted, but the answer got lost; 4: accepted, and we crash before we remember. */
type Fate = 0 | 1 | 2 | 3 | 4;
type Act = { readonly brings: number } | { readonly works: Fate };

const acts = fc.array(
  fc.oneof(fc.record({ brings: fc.nat(7) }), fc.record({ works: fc.constantFrom<Fate>(0, 0, 1, 2, 3, 4) })),
  { maxLength: 30 },
) as fc.Arbitrary<Act[]>;

test("10 000 histories of retries, repeats, 429 and crashes: no trigger after its resolve, no second open incident", {
  timeout: 120_000,
}, () => {
  const target = pager();
  const format = formatOf(target);
  fc.assert(
    fc.property(acts, (history) => {
      const provider = createPagerDuty([KEY]);
      const sink = createSink(provider);
      /** Everything the sink accepted, in order. */
      const accepted: { readonly seq: number; readonly status: string }[] = [];
      let line: LineEntry[] = [];
      let told: { seq: number; opened: Opened } | null = null;
      let receipt: Receipt | null = null;
      let known = 0;

      const bring = (seq: number): void => {
        known = Math.max(known, seq);
        if (line.some((waiting) => waiting.seq === seq)) return;
        // What comes again after a crash may have been sent already; the sweep brings it as such.
        const again = accepted.some((one) => one.seq === seq);
        line = [...line, entry(seq, seq % 2 === 1 ? "firing" : "resolved", { attempted: again })].sort(compareEntries);
      };
      const remember = (
        seq: number,
        status: "firing" | "resolved",
        state: "delivered" | "superseded" | "canceled",
        attempted: boolean,
      ): void => {
        const isNewest = seq > (told?.seq ?? 0);
        const opened = openedAfter(told?.opened ?? "none", { status, state, attempted, isNewest });
        told = { seq: Math.max(told?.seq ?? 0, seq), opened };
      };
      const work = (fate: Fate): void => {
        for (;;) {
          const step = stepLine(line, told, format.audience);
          if (step.kind === "empty") return;
          const { seq, notification: said } = step.entry;
          line = [...step.rest];
          if (step.kind === "skip") {
            remember(seq, said.status, step.state, step.entry.attempted);
            continue;
          }
          const next = format.next(step.notification, target, receipt, [], NOW);
          if (!next.ok || next.value === "done" || next.value === "not_opened") throw new Error("nothing to send");
          if (fate === 1) sink.answerNext({ status: 429 });
          if (fate === 2) sink.answerNext({ status: 500 });
          const { request } = next.value;
          const answer = sink.handle({
            method: "POST",
            url: "/v2/enqueue",
            headers: request.headers,
            body: request.body,
          });
          if (answer.status === 202) accepted.push({ seq, status: said.status });
          if (fate === 4) {
            // All memory of the line is gone; what D1 holds as pending comes again, oldest first.
            const lost = [step.entry, ...line].map((waiting) => waiting.seq);
            line = [];
            for (const again of lost) bring(again);
            return;
          }
          if (fate === 0) {
            const outcome = next.value.read({ kind: "answer", ...answer }, receipt, NOW);
            if (outcome.kind !== "delivered") throw new Error(outcome.error);
            receipt = outcome.receipt;
            remember(seq, said.status, "delivered", true);
            continue;
          }
          line = [{ ...step.entry, attempted: true }, ...line].sort(compareEntries);
          return;
        }
      };
      for (const act of history) "brings" in act ? bring(1 + act.brings) : work(act.works);
      work(0);

      const resolves = accepted.flatMap(({ seq, status }, i) => (status === "resolved" ? [[seq, i] as const] : []));
      for (const [seq, i] of resolves) {
        for (const later of accepted.slice(i + 1)) {
          expect(later.status === "firing" && later.seq < seq, JSON.stringify(accepted)).toBe(false);
        }
      }
      expect(new Set(provider.incidents.map((incident) => incident.dedupKey)).size).toBeLessThanOrEqual(1);
      expect(provider.incidents.filter((incident) => !incident.resolved).length).toBeLessThanOrEqual(1);
      if (known > 0 && known % 2 === 0) expect(provider.incidents.every((incident) => incident.resolved)).toBe(true);
      expect(sink.exchanges.every(({ answer }) => [202, 429, 500].includes(answer.status))).toBe(true);
    }),
    { numRuns: 10_000 },
  );
});
