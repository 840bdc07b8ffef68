/** What real senders really sent (test/fixtures), byte for byte. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Labels } from "../../../src/core/alert/alert.ts";
import { fingerprint } from "../../../src/core/alert/fingerprint.ts";
import { decodeBody } from "../../../src/core/ingest/decode.ts";
import { type Parsed, parseBody, parsePrometheus } from "../../../src/core/ingest/parse.ts";
import { OPTIONS } from "../../support/ingest.ts";

interface Recorded<Body> {
  readonly receivedAt: string;
  readonly rawBody: string;
  readonly json: Body;
}

interface Sent {
  readonly labels: Labels;
  readonly annotations?: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

interface SentGroup extends Record<string, unknown> {
  readonly alerts: readonly (Sent & { readonly status: string; readonly fingerprint: string })[];
}

const recordedIn = <Body>(file: string): [string, Recorded<Body>][] => {
  const all = JSON.parse(readFileSync(new URL(`../../fixtures/${file}`, import.meta.url), "utf8"));
  return Object.entries(all as Record<string, Recorded<Body>>).filter(([, value]) => value.rawBody !== undefined);
};

const read = (recorded: Recorded<unknown>, parse: typeof parseBody): Parsed => {
  const json = decodeBody(new TextEncoder().encode(recorded.rawBody));
  if (!json.ok) throw new Error(json.error.detail);
  expect(json.value).toEqual(recorded.json);
  const parsed = parse(json.value, { ...OPTIONS, now: Date.parse(recorded.receivedAt) });
  if (!parsed.ok) throw new Error(parsed.error.detail);
  return parsed.value;
};

const time = (text: string): number | null => (text.startsWith("0001") ? null : Date.parse(text));

describe("Alertmanager 0.25", () => {
  const recorded = recordedIn<SentGroup>("alertmanager-webhook-v4.json");
  const cases = new Map(recorded);

  test("all cases are there", () => {
    expect(recorded).toHaveLength(10);
  });

  test.each(recorded)("%s", (_, body) => {
    const parsed = read(body, parseBody);
    const { json } = body;
    expect(parsed).toMatchObject({
      format: "alertmanager",
      received: json.alerts.length,
      rejects: [],
      skipped: 0,
      truncatedAlerts: json.truncatedAlerts,
      upstream: { groupKey: json.groupKey, receiver: json.receiver, externalURL: json.externalURL },
      groupMeta: {
        version: "4",
        status: json.status,
        groupLabels: json.groupLabels,
        commonLabels: json.commonLabels,
        commonAnnotations: json.commonAnnotations,
      },
    });
    expect(parsed.alerts).toEqual(
      json.alerts.map((alert, index) => ({
        index,
        alert: {
          fingerprint: alert.fingerprint,
          labels: alert.labels,
          annotations: alert.annotations,
          status: alert.status,
          startsAt: time(alert.startsAt),
          endsAt: time(alert.endsAt),
          expiresAt: null,
          generatorURL: alert.generatorURL,
        },
      })),
    );
  });

  test("a group that is firing can hold a resolved alert", () => {
    const { alerts } = read(cases.get("partially_resolved_group")!, parseBody);
    expect(alerts.map(({ alert }) => alert.status)).toEqual(["firing", "resolved", "firing"]);
  });

  test("a truncated group says nothing about the alerts it left out", () => {
    const before = read(cases.get("truncated_max_alerts_1_firing")!, parseBody);
    const after = read(cases.get("truncated_max_alerts_1_after_hidden_resolve")!, parseBody);
    expect(before.truncatedAlerts).toBe(2);
    expect(after.alerts).toEqual(before.alerts);
    const resolved = read(cases.get("truncated_resolved")!, parseBody);
    expect(resolved.alerts.map(({ alert }) => [alert.fingerprint, alert.status])).toEqual([
      ["144c2acf086139f0", "resolved"],
    ]);
    expect(resolved.truncatedAlerts).toBe(1);
  });
});

describe("Prometheus 2.42", () => {
  const recorded = recordedIn<readonly Sent[]>("prometheus-api-v2.json");
  const cases = new Map(recorded);

  test("all cases are there", () => {
    expect(recorded).toHaveLength(6);
  });

  test.each(recorded)("%s", (name, body) => {
    const resolved = name.includes("resolved");
    const parsed = read(body, parsePrometheus);
    expect(parsed).toMatchObject({ format: "prometheus", received: body.json.length, rejects: [], skipped: 0 });
    expect(parsed.alerts).toEqual(
      body.json.map((alert, index) => ({
        index,
        alert: {
          fingerprint: fingerprint(alert.labels),
          labels: alert.labels,
          annotations: alert.annotations ?? {},
          status: resolved ? "resolved" : "firing",
          startsAt: time(alert.startsAt),
          endsAt: resolved ? time(alert.endsAt) : null,
          expiresAt: resolved ? null : time(alert.endsAt),
          generatorURL: alert.generatorURL,
        },
      })),
    );
  });

  test("a repeat is the same alert with a later expiry", () => {
    const [first] = read(cases.get("firing_basic_auth")!, parsePrometheus).alerts;
    const [again] = read(cases.get("firing_repeat")!, parsePrometheus).alerts;
    expect(again!.alert).toEqual({ ...first!.alert, expiresAt: first!.alert.expiresAt! + 6000 });
  });
});
