import { expect, test } from "vitest";
import { type AlertOutcome, buildReceipt } from "../../../src/core/ingest/receipt.ts";
import { parse } from "../../support/ingest.ts";

const CONTEXT = { requestId: "req", receiptId: "rec", mode: "intelligent", processingTimeMs: 3.5 } as const;
const alert = (alertname: string) => ({ labels: { alertname } });
const receipt = (body: unknown, ...outcomes: AlertOutcome[]) => buildReceipt(parse(body), outcomes, CONTEXT);

test("everything stored", () => {
  const body = { version: "4", receiver: "r", alerts: [alert("A"), alert("HighCPU")] };
  expect(receipt(body, "new", "duplicate")).toEqual({
    httpStatus: 200,
    body: {
      status: "success",
      message: "2 of 2 alerts stored",
      request_id: "req",
      receipt_id: "rec",
      mode: "intelligent",
      webhook_type: "alertmanager",
      alerts_received: 2,
      alerts_processed: 2,
      alerts_failed: 0,
      alerts_skipped: 0,
      processed_alerts: 2,
      errors: [],
      alerts: [
        { fingerprint: parse(body).alerts[0]?.alert.fingerprint, outcome: "new" },
        { fingerprint: "b5160f6bd9249a48", outcome: "duplicate" },
      ],
      processing_time_ms: 3.5,
    },
  });
});

test("one bad alert among good ones is 207, with its place and reason", () => {
  expect(receipt([alert("A"), { labels: {} }, alert("B")], "updated", "reopened")).toMatchObject({
    httpStatus: 207,
    body: {
      status: "partial_success",
      message: "2 of 3 alerts stored, 1 rejected",
      alerts_received: 3,
      alerts_processed: 2,
      alerts_failed: 1,
      errors: [{ alert_index: 1, path: "/1/labels", error: "an alert needs at least one label" }],
      alerts: [{ outcome: "updated" }, { outcome: "reopened" }],
    },
  });
});

test("skipped alerts are no failure, even alone", () => {
  expect(receipt([{ ...alert("A"), state: "pending" }])).toMatchObject({
    httpStatus: 200,
    body: {
      status: "success",
      message: "0 of 1 alert stored, 1 skipped as pending",
      webhook_type: "prometheus_v1",
      alerts_received: 1,
      alerts_processed: 0,
      alerts_skipped: 1,
      alerts: [],
    },
  });
});

test("what the sender left out is named", () => {
  expect(receipt({ version: "4", truncatedAlerts: 5, alerts: [alert("A")] }, "resolved").body.message).toBe(
    "1 of 1 alert stored, 5 more left out by the sender (truncatedAlerts)",
  );
});

test("an accepted alert without an outcome is a bug, not an answer", () => {
  expect(() => receipt([alert("A"), alert("B")], "new")).toThrow("no outcome for accepted alert 1");
});
