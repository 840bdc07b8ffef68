import { expect, test } from "vitest";
import type { Severity } from "../../../src/core/alert/severity.ts";
import { fitAlerts, MAX_LISTED_CHARS } from "../../../src/core/pipeline/fit-alerts.ts";

const alert = (fingerprint: string, severity: Severity = "warning", text = "") => ({
  fingerprint,
  status: "firing" as const,
  labels: { alertname: "A" },
  annotations: { summary: text },
  startsAt: 0,
  endsAt: null,
  generatorURL: "",
  severity,
  classification: null,
});
const names = (list: readonly { fingerprint: string }[]) => list.map(({ fingerprint }) => fingerprint);

test("what fits is listed as it came", () => {
  const all = [alert("a", "info"), alert("b", "critical")];
  expect(fitAlerts(all, () => true)).toEqual({ alerts: all, truncated: 0 });
});

test("of more than fits the news comes first, then the most urgent, and the rest is counted", () => {
  const all = [alert("old-critical", "critical"), alert("new-info", "info"), alert("new"), alert("old")];
  const room = JSON.stringify(all[1]).length * 3 + 10;
  const { alerts, truncated } = fitAlerts(all, (fingerprint) => fingerprint.startsWith("new"), room);
  expect([names(alerts), truncated]).toEqual([["new", "new-info", "old-critical"], 1]);
});

test("whatever people write, a list stays below what a row may hold", () => {
  const all = Array.from({ length: 3000 }, (_, i) => alert(`f${i}`, "warning", "€".repeat(1000)));
  const { alerts, truncated } = fitAlerts(all, () => true);
  expect(alerts.length + truncated).toBe(3000);
  expect(new TextEncoder().encode(JSON.stringify(alerts)).length).toBeLessThan(2_000_000 - MAX_LISTED_CHARS / 2);
});
