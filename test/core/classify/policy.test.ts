import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMoreUrgent, SEVERITIES, type Severity, severityOf } from "../../../src/core/alert/severity.ts";
import type { Classification } from "../../../src/core/classify/classification.ts";
import { attaches, classifies, ENRICHMENT_MODES } from "../../../src/core/classify/mode.ts";
import { applyClassification, GUARD_REASONS, type PolicyInput } from "../../../src/core/classify/policy.ts";

const classification = (parts: Partial<Classification> = {}): Classification => ({
  severity: "noise",
  category: "other",
  confidence: 0.95,
  reasoning: "",
  recommendations: [],
  source: "llm",
  model: "m",
  promptVersion: "1",
  createdAt: 0,
  cached: false,
  processingMs: 0,
  metadata: {},
  ...parts,
});
const input = (labels: Record<string, string>, parts: Partial<PolicyInput> = {}): PolicyInput => ({
  alert: { labels },
  classification: classification(),
  mode: "enriched",
  threshold: 0.8,
  suppressionEnabled: true,
  ...parts,
});

describe("what a classification may do", () => {
  const rows: readonly [string, PolicyInput, ReturnType<typeof applyClassification>][] = [
    [
      "noise on info is lowered and may be hidden where suppression is on",
      input({ severity: "info" }),
      { effectiveSeverity: "noise", mayHide: true },
    ],
    ["noise on a warning too", input({ severity: "warning" }), { effectiveSeverity: "noise", mayHide: true }],
    [
      "exactly at the threshold it counts",
      input({ severity: "info" }, { threshold: 0.95 }),
      { effectiveSeverity: "noise", mayHide: true },
    ],
    [
      "an unlabelled alert counts as warning and can be lowered like one",
      input({}),
      { effectiveSeverity: "noise", mayHide: true },
    ],
    [
      "with suppression off nothing is hidden or lowered",
      input({ severity: "info" }, { suppressionEnabled: false }),
      { effectiveSeverity: "info", mayHide: false, guardReason: "suppression_off" },
    ],
    [
      "a critical label is never hidden",
      input({ severity: "critical" }),
      { effectiveSeverity: "critical", mayHide: false, guardReason: "critical" },
    ],
    [
      "neither is one written 'P1 '",
      input({ severity: "P1 " }),
      { effectiveSeverity: "critical", mayHide: false, guardReason: "critical" },
    ],
    [
      "the rules hide nothing",
      input({ severity: "info" }, { classification: classification({ source: "fallback" }) }),
      { effectiveSeverity: "info", mayHide: false, guardReason: "rules_answer" },
    ],
    [
      "below the threshold nothing counts",
      input({ severity: "info" }, { threshold: 0.96 }),
      { effectiveSeverity: "info", mayHide: false, guardReason: "low_confidence" },
    ],
    [
      "a confident critical raises a warning and protects it",
      input({ severity: "warning" }, { classification: classification({ severity: "critical" }) }),
      { effectiveSeverity: "critical", mayHide: false, guardReason: "critical" },
    ],
    [
      "the rules may raise too",
      input({}, { classification: classification({ severity: "critical", source: "fallback", confidence: 0.8 }) }),
      { effectiveSeverity: "critical", mayHide: false, guardReason: "critical" },
    ],
    [
      "a doubtful critical raises nothing",
      input({ severity: "warning" }, { classification: classification({ severity: "critical", confidence: 0.5 }) }),
      { effectiveSeverity: "warning", mayHide: false, guardReason: "low_confidence" },
    ],
    [
      "without a classification the label counts",
      input({ severity: "info" }, { classification: null }),
      { effectiveSeverity: "info", mayHide: false, guardReason: "no_classification" },
    ],
    [
      "transparent ignores it",
      input({ severity: "info" }, { mode: "transparent" }),
      { effectiveSeverity: "info", mayHide: false, guardReason: "mode" },
    ],
    [
      "so does transparent_with_recommendations",
      input(
        { severity: "info" },
        { mode: "transparent_with_recommendations", classification: classification({ severity: "critical" }) },
      ),
      { effectiveSeverity: "info", mayHide: false, guardReason: "mode" },
    ],
    [
      "so does shadow",
      input({ severity: "info" }, { mode: "shadow" }),
      { effectiveSeverity: "info", mayHide: false, guardReason: "mode" },
    ],
  ];
  test.each(rows)("%s", (_sentence, given, expected) => {
    expect(applyClassification(given)).toEqual(expected);
  });
});

test.each([
  ["transparent", false, false],
  ["enriched", true, true],
  ["transparent_with_recommendations", true, true],
  ["shadow", true, false],
] as const)("%s classifies: %s, attaches: %s", (mode, classified, attached) => {
  expect([classifies(mode), attaches(mode)]).toEqual([classified, attached]);
});

const anyClassification: fc.Arbitrary<Classification> = fc.record({
  severity: fc.constantFrom(...SEVERITIES),
  category: fc.constant("other" as const),
  confidence: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double()),
  reasoning: fc.string(),
  recommendations: fc.array(fc.string()),
  source: fc.constantFrom("llm" as const, "fallback" as const),
  model: fc.string(),
  promptVersion: fc.string(),
  createdAt: fc.nat(),
  cached: fc.boolean(),
  processingMs: fc.nat(),
  metadata: fc.constant({}),
});
const anyInput = (severities: fc.Arbitrary<string | undefined>): fc.Arbitrary<PolicyInput> =>
  fc.record({
    alert: severities.map((severity) => ({ labels: severity === undefined ? {} : { severity } })),
    classification: fc.option(anyClassification),
    mode: fc.constantFrom(...ENRICHMENT_MODES),
    threshold: fc.double({ min: 0, max: 1, noNaN: true }),
    suppressionEnabled: fc.boolean(),
  });
const CRITICAL_WORDS = ["critical", "crit", "page", "fatal", "emergency", "disaster", "p1", " CRITICAL\t", "Page"];

describe("for every classification of any content", () => {
  test("a critical label stays critical and cannot be hidden", () => {
    fc.assert(
      fc.property(anyInput(fc.constantFrom(...CRITICAL_WORDS)), (given) => {
        const verdict = applyClassification(given);
        expect(verdict.effectiveSeverity).toBe("critical");
        expect(verdict.mayHide).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("the severity stays in the enum, and only what may be hidden is lowered", () => {
    const label = fc.option(fc.oneof(fc.constantFrom("warning", "info", "p1", "low", "page"), fc.string()), {
      nil: undefined,
    });
    fc.assert(
      fc.property(anyInput(label), (given) => {
        const verdict = applyClassification(given);
        const labelled: Severity = severityOf(given.alert.labels);
        expect(SEVERITIES).toContain(verdict.effectiveSeverity);
        if (isMoreUrgent(labelled, verdict.effectiveSeverity)) expect(verdict.mayHide).toBe(true);
        if (verdict.mayHide) {
          expect(given).toMatchObject({
            mode: "enriched",
            suppressionEnabled: true,
            classification: { source: "llm" },
          });
          expect(given.classification!.confidence).toBeGreaterThanOrEqual(given.threshold);
          expect(verdict.effectiveSeverity).not.toBe("critical");
          expect(verdict.guardReason).toBeUndefined();
        } else {
          expect(GUARD_REASONS).toContain(verdict.guardReason);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
