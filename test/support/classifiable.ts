/** Alerts for classification tests: only what the test is about is named. */
import type { Alert } from "../../src/core/alert/alert.ts";

let count = 0;

/** A firing alert of its own name, so that no two tests share a remembered answer. */
export function alertWith(parts: Partial<Omit<Alert, "labels">> & { labels?: Record<string, string> } = {}): Alert {
  count += 1;
  return {
    fingerprint: count.toString(16).padStart(16, "0"),
    annotations: {},
    status: "firing",
    startsAt: Date.UTC(2026, 0, 1, 10),
    endsAt: null,
    expiresAt: null,
    generatorURL: "",
    ...parts,
    labels: { alertname: `Unknown${count}`, ...parts.labels },
  };
}
