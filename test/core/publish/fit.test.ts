import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitAlerts } from "../../../src/core/publish/fit.ts";
import { utf8Bytes } from "../../../src/core/publish/text.ts";
import { alertOf } from "../../contract/notifications.ts";

interface Made {
  readonly alerts: readonly { readonly labels: Record<string, string>; readonly annotations: Record<string, string> }[];
  readonly leftOut: number;
}

const fitted = (alerts: Parameters<typeof fitAlerts>[0], maxBytes: number): Made & { readonly bytes: number } => {
  const text = fitAlerts(alerts, maxBytes, (shown, leftOut) => ({
    leftOut,
    alerts: shown.map(({ labels, annotations }) => ({ labels, annotations })),
  }));
  return { ...(JSON.parse(text) as Made), bytes: utf8Bytes(text) };
};

const many = (count: number, annotation: string) =>
  Array.from({ length: count }, (_, index) =>
    alertOf({ labels: { alertname: "A", i: String(index) }, annotations: { a: annotation } }),
  );

describe("fitAlerts", () => {
  test("what fits is left as it is", () => {
    const made = fitted(many(3, "text"), 10_000);
    expect(made).toMatchObject({ leftOut: 0 });
    expect(made.alerts[2]).toEqual({ labels: { alertname: "A", i: "2" }, annotations: { a: "text" } });
  });
  test("annotations are shortened before alerts are left out", () => {
    const made = fitted(many(10, "x".repeat(5000)), 10_000);
    expect(made.alerts).toHaveLength(10);
    expect(made.alerts[0]!.annotations.a).toHaveLength(500);
  });
  test("then as many alerts are kept as fit, and the rest is counted", () => {
    const made = fitted(many(1000, "x".repeat(5000)), 20_000);
    expect(made.alerts.length + made.leftOut).toBe(1000);
    expect(made.alerts.length).toBeGreaterThan(100);
    expect(made.bytes).toBeGreaterThan(19_000);
  });
  test("labels are shortened only when one alert alone is too large", () => {
    const made = fitted([alertOf({ labels: { alertname: "A", long: "y".repeat(50_000) }, annotations: {} })], 5000);
    expect(made.alerts[0]!.labels.long).toHaveLength(1000);
  });
  test("no alerts at all is a body too", () => expect(fitted([], 1000)).toMatchObject({ alerts: [], leftOut: 0 }));
  test("a label named __proto__ is a label like any other", () => {
    const labels = JSON.parse('{"__proto__":"x","alertname":"A"}') as Record<string, string>;
    const text = fitAlerts([alertOf({ labels })], 10_000, (shown) => shown.map((alert) => alert.labels));
    expect(text).toBe('[{"__proto__":"x","alertname":"A"}]');
  });
  test("the limit holds for any alerts", () => {
    const text = fc.string({ unit: "binary", maxLength: 3000 });
    const alert = fc.record({
      labels: fc.dictionary(fc.string({ maxLength: 20 }), text, { maxKeys: 20 }),
      annotations: fc.dictionary(fc.string({ maxLength: 20 }), text, { maxKeys: 20 }),
    });
    fc.assert(
      fc.property(fc.array(alert, { maxLength: 10 }), (alerts) => {
        const made = fitted(
          alerts.map((one) => alertOf(one)),
          50_000,
        );
        expect(made.bytes).toBeLessThanOrEqual(50_000);
        expect(made.alerts.length + made.leftOut).toBe(alerts.length);
      }),
      { numRuns: 50 },
    );
  });
});
