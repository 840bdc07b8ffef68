import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromApiMatcher, matchesAll, toApiMatcher } from "../../../src/core/alert/matcher.ts";
import { parseMatchers } from "../../../src/core/alert/matcher-parse.ts";
import {
  createSilence,
  expireSilence,
  isForgotten,
  type Silence,
  type SilenceDraft,
  silenceState,
  updateSilence,
} from "../../../src/core/filter/silence.ts";
import { compileSilences, previewSilence, silencedBy } from "../../../src/core/filter/silence-set.ts";

const NOW = Date.parse("2026-05-04T12:00:00Z");
const HOUR = 3_600_000;

const matchers = (text: string) => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.map(({ name, operator, value }) => ({ name, operator, value }));
};
const draft = (given: Partial<SilenceDraft> = {}): SilenceDraft => ({
  matchers: matchers('alertname="HighCPU"'),
  startsAt: NOW,
  endsAt: NOW + HOUR,
  createdBy: "ann",
  comment: "deploy",
  annotations: {},
  recurrence: null,
  ...given,
});
const silence = (given: Partial<Silence> = {}): Silence => ({ ...draft(), id: "old", updatedAt: NOW - HOUR, ...given });
const defectsOf = (result: ReturnType<typeof createSilence>): string[] =>
  result.ok ? [] : result.error.map(({ path }) => path);

describe("creating", () => {
  it("moves a start in the past to now", () => {
    const created = createSilence(draft({ startsAt: NOW - HOUR }), "new", NOW);
    expect(created).toEqual({ ok: true, value: { ...draft(), id: "new", updatedAt: NOW } });
  });

  it.each([
    ["no matchers", { matchers: [] }, ["/matchers"]],
    ["only a matcher of everything", { matchers: matchers('foo=~".*"') }, ["/matchers"]],
    ["only a matcher of what is missing", { matchers: matchers('foo=""') }, ["/matchers"]],
    ["only a negative matcher", { matchers: matchers('foo!="bar"') }, ["/matchers"]],
    ["an end before the start", { startsAt: NOW + HOUR, endsAt: NOW + HOUR - 1 }, ["/endsAt"]],
    ["an end at the start", { startsAt: NOW + HOUR, endsAt: NOW + HOUR }, ["/endsAt"]],
    ["an end in the past", { startsAt: NOW - 2 * HOUR, endsAt: NOW - HOUR }, ["/endsAt"]],
    ["an end now", { endsAt: NOW }, ["/endsAt"]],
    ["no times", { startsAt: Number.NaN, endsAt: Number.NaN }, ["/startsAt", "/endsAt"]],
    ["a bad expression", { matchers: [{ name: "a", operator: "=~" as const, value: "(" }] }, ["/matchers/0"]],
    ["a missing name", { matchers: [{ name: "", operator: "=" as const, value: "x" }] }, ["/matchers/0"]],
    ["a huge comment", { comment: "x".repeat(5000) }, ["/comment"]],
    [
      "a recurrence by the minute",
      { recurrence: { rule: "FREQ=MINUTELY", timeZone: "UTC", durationMs: HOUR } },
      ["/recurrence/rule"],
    ],
    [
      "a recurrence on no known place",
      { recurrence: { rule: "FREQ=DAILY", timeZone: "Mars", durationMs: HOUR } },
      ["/recurrence/time_zone"],
    ],
  ])("%s is refused", (_, given, paths) => {
    expect(defectsOf(createSilence(draft(given), "new", NOW))).toEqual(paths);
  });

  it("takes a broad matcher beside a narrow one", () => {
    expect(createSilence(draft({ matchers: matchers('foo=~".*",bar="x"') }), "new", NOW).ok).toBe(true);
  });
});

describe("states", () => {
  it.each([
    [NOW - 1, "pending"],
    [NOW, "active"],
    [NOW + HOUR - 1, "active"],
    [NOW + HOUR, "expired"],
  ])("at %d: %s", (now, state) => {
    expect(silenceState(silence(), now)).toBe(state);
  });

  it("is pending between its windows", () => {
    const nightly = silence({
      endsAt: NOW + 100 * HOUR,
      recurrence: { rule: "FREQ=DAILY;BYHOUR=22", timeZone: "UTC", durationMs: 2 * HOUR },
    });
    const states = [0, 9, 10, 11, 12, 34, 100].map((hours) => silenceState(nightly, NOW + hours * HOUR));
    expect(states).toEqual(["pending", "pending", "active", "active", "pending", "active", "expired"]);
  });

  it("is shown for 120 hours after its end", () => {
    expect(isForgotten(silence(), NOW + 120 * HOUR)).toBe(false);
    expect(isForgotten(silence(), NOW + 121 * HOUR)).toBe(true);
  });
});

describe("expiring", () => {
  it.each([
    ["active: ends now", silence({ startsAt: NOW - HOUR }), { startsAt: NOW - HOUR, endsAt: NOW, updatedAt: NOW }],
    ["pending: starts and ends now", silence({ startsAt: NOW + 1 }), { startsAt: NOW, endsAt: NOW, updatedAt: NOW }],
    ["expired: unchanged", silence({ startsAt: NOW - 9, endsAt: NOW - 1 }), { endsAt: NOW - 1, updatedAt: NOW - HOUR }],
  ])("%s", (_, given, want) => {
    const expired = expireSilence(given, NOW);
    expect(expired).toMatchObject(want);
    expect(silenceState(expired, NOW)).toBe("expired");
  });
});

describe("updating", () => {
  const active = silence({ startsAt: NOW - HOUR });
  const precise = silence({ startsAt: NOW - HOUR + 250 });
  const pending = silence({ startsAt: NOW + HOUR, endsAt: NOW + 2 * HOUR });
  const expired = silence({ startsAt: NOW - 2 * HOUR, endsAt: NOW - HOUR });
  const other = { matchers: matchers('alertname="Other"') };

  it.each([
    ["active, another end", active, { startsAt: active.startsAt, endsAt: NOW + 9 * HOUR }, "in place"],
    ["active, another comment", active, { startsAt: active.startsAt, comment: "longer" }, "in place"],
    ["active, the end is now", active, { startsAt: active.startsAt, endsAt: NOW }, "in place"],
    ["active, the start to the second only", precise, { startsAt: NOW - HOUR }, "in place"],
    ["active, another start", active, { startsAt: NOW - 1 }, "replaced"],
    ["active, other matchers", active, { startsAt: active.startsAt, ...other }, "replaced"],
    ["pending, another start", pending, { startsAt: NOW, endsAt: NOW + HOUR }, "in place"],
    ["pending, a start in the past", pending, { startsAt: NOW - 1, endsAt: NOW + HOUR }, "replaced"],
    ["pending, other matchers", pending, { startsAt: NOW + HOUR, endsAt: NOW + 2 * HOUR, ...other }, "replaced"],
    ["expired, anything", expired, {}, "new"],
  ])("%s: %s", (_, existing, given, want) => {
    const updated = updateSilence(existing, draft(given), "new", NOW);
    if (!updated.ok) throw new Error(JSON.stringify(updated.error));
    const { silence: current, replaced } = updated.value;
    expect(current.id).toBe(want === "in place" ? "old" : "new");
    expect(current.updatedAt).toBe(NOW);
    expect(replaced === null).toBe(want !== "replaced");
    if (replaced !== null) expect([replaced.id, silenceState(replaced, NOW)]).toEqual(["old", "expired"]);
    if (want !== "in place") expect(current.startsAt).toBeGreaterThanOrEqual(NOW);
  });

  it("knows matchers in another order for the same", () => {
    const both = silence({ startsAt: NOW - HOUR, matchers: matchers('a="1",b="2"') });
    const turned = draft({ startsAt: NOW - HOUR, matchers: matchers('b="2",a="1"') });
    expect(updateSilence(both, turned, "new", NOW)).toMatchObject({ ok: true, value: { replaced: null } });
  });

  it("changes nothing where the new one would be invalid", () => {
    expect(updateSilence(active, draft({ matchers: [] }), "new", NOW).ok).toBe(false);
    expect(updateSilence(active, draft({ startsAt: NOW - 9, endsAt: NOW - 5 }), "new", NOW).ok).toBe(false);
  });
});

describe("who is silenced", () => {
  const set = compileSilences([
    silence({ id: "cpu" }),
    silence({ id: "later", startsAt: NOW + 1 }),
    silence({ id: "over", startsAt: NOW - 9, endsAt: NOW }),
    silence({ id: "prod", matchers: matchers('env=~"prod|stage",alertname!="Watchdog"') }),
    silence({ id: "nightly", recurrence: { rule: "FREQ=DAILY;BYHOUR=22", timeZone: "UTC", durationMs: HOUR } }),
    silence({ id: "broken", matchers: [{ name: "a", operator: "=~", value: "(" }] }),
    silence({ id: "empty", matchers: [] }),
  ]);

  it.each([
    [{ alertname: "HighCPU" }, ["cpu"]],
    [{ alertname: "HighCPU", env: "prod" }, ["cpu", "prod"]],
    [{ alertname: "Watchdog", env: "prod" }, []],
    [{ env: "stage" }, ["prod"]],
    [{}, []],
  ])("%j by %j", (labels, ids) => {
    expect(silencedBy(set, labels, NOW)).toEqual(ids);
  });

  it("reports the silences that cannot be asked", () => {
    expect(set.broken.map(({ id }) => id)).toEqual(["broken", "empty"]);
  });

  it("agrees with asking each silence by itself", () => {
    const name = fc.constantFrom("a", "b");
    const value = fc.constantFrom("1", "2");
    const text = fc
      .array(fc.tuple(name, fc.constantFrom("=", "!=", "=~"), value), { minLength: 1, maxLength: 3 })
      .map((list) => list.map(([n, operator, v]) => `${n}${operator}"${v}"`).join());
    const times = fc.record({ startsAt: fc.integer({ min: 0, max: 9 }), endsAt: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, times), { maxLength: 8 }),
        fc.dictionary(name, value),
        fc.integer({ min: 0, max: 9 }),
        (given, labels, now) => {
          const silences = given.map(([m, time], at) => silence({ id: `${at}`, matchers: matchers(m), ...time }));
          const want = given.flatMap(([m, { startsAt, endsAt }], at) => {
            const parsed = parseMatchers(m);
            return parsed.ok && matchesAll(parsed.value, labels) && startsAt <= now && now < endsAt ? [`${at}`] : [];
          });
          expect(silencedBy(compileSilences(silences), labels, now)).toEqual(want);
        },
      ),
    );
  });
});

describe("previewing", () => {
  const event = (fingerprint: string, alertname: string, at: number) => ({ fingerprint, labels: { alertname }, at });
  const past = [
    event("1", "HighCPU", NOW),
    event("1", "HighCPU", NOW + HOUR),
    event("2", "HighCPU", NOW + 2 * HOUR),
    event("3", "HighMemory", NOW),
    event("4", "DiskFull", NOW),
  ];

  it("counts events and alerts, and tells how broad the silence is", () => {
    const broad = { matchers: matchers('alertname=~"High.*"'), recurrence: null };
    expect(previewSilence(broad, past)).toEqual({
      ok: true,
      value: {
        events: 4,
        totalEvents: 5,
        alerts: 3,
        totalAlerts: 4,
        share: 0.75,
        names: [
          { name: "HighCPU", events: 3 },
          { name: "HighMemory", events: 1 },
        ],
      },
    });
  });

  it("heeds the windows of a recurrence", () => {
    const recurrence = { rule: "FREQ=DAILY;BYHOUR=13", timeZone: "UTC", durationMs: HOUR };
    const result = previewSilence({ matchers: matchers('alertname=~".+"'), recurrence }, past);
    expect(result).toMatchObject({ ok: true, value: { events: 1, alerts: 1, share: 0.25 } });
  });

  it("of nothing is nothing, and of a bad matcher an error", () => {
    expect(previewSilence(draft(), [])).toMatchObject({ ok: true, value: { share: 0, names: [] } });
    expect(previewSilence({ matchers: [], recurrence: null }, past).ok).toBe(false);
  });
});

describe("matchers of the API", () => {
  it.each(['a="1"', 'a!="1"', 'a=~"1"', 'a!~"1"'])("%s there and back", (text) => {
    const [spec] = matchers(text);
    if (spec === undefined) throw new Error("no matcher");
    expect(fromApiMatcher(toApiMatcher(spec))).toEqual(spec);
  });
  it("of older clients have no isEqual", () => {
    expect(fromApiMatcher({ name: "a", value: "b", isRegex: true })).toMatchObject({ operator: "=~" });
  });
});
