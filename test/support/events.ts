/** Events as the consumer commits them, for tests that need stored history without its whole way. */
import { env } from "cloudflare:workers";
import type { AlertEvent } from "../../src/core/history/event.ts";
import type { Decision } from "../../src/core/pipeline/process.ts";
import { commitEvents } from "../../src/worker/db/events.ts";

export const DECISION: Decision = {
  severity: "warning",
  classification: null,
  mode: "transparent",
  configVersion: null,
  trace: [],
  notifications: [],
  groups: [],
  storms: [],
};

let fingerprints = 0;
export const newFingerprint = (): string => (++fingerprints).toString(16).padStart(16, "0");

/** A firing that came a minute before `now`. */
export const madeEvent = (now: number, over: Partial<AlertEvent>): AlertEvent => ({
  fingerprint: newFingerprint(),
  seq: 1,
  kind: "new",
  status: "firing",
  previousStatus: null,
  labels: { alertname: "A" },
  annotations: {},
  startsAt: now - 600_000,
  endsAt: null,
  generatorURL: "",
  receivedAt: now - 60_000,
  expired: false,
  episodeSeq: 1,
  receiptId: null,
  source: null,
  format: "generic",
  upstream: null,
  sourceFingerprint: null,
  ...over,
});

/** Commits them in one batch, critical where their label says so; answers the rows written. */
export const storeEvents = async (now: number, ...events: AlertEvent[]): Promise<number> => {
  const decided = events.map((event) => ({
    event,
    decision: {
      ...DECISION,
      severity: event.labels.severity === "critical" ? ("critical" as const) : ("warning" as const),
    },
  }));
  const answers = await env.DB.batch(commitEvents(env.DB, decided, [], [], now));
  return answers.reduce((sum, { meta }) => sum + meta.rows_written, 0);
};
