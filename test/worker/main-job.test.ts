import { exports } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import alertmanager from "../fixtures/alertmanager-webhook-v4.json" with { type: "json" };
import prometheus from "../fixtures/prometheus-api-v2.json" with { type: "json" };
import { eventually, get, post, send } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const sink = receiver("sink.example.com");

interface Recorded {
  readonly rawBody: string;
  readonly headers: readonly (readonly string[])[];
  readonly receivedAt: string;
}
const webhookCases = alertmanager as unknown as Readonly<Record<string, Recorded>>;
const prometheusCases = prometheus as unknown as Readonly<Record<string, Recorded>>;

/** The recorded request with its own headers; where the recording has no credentials, ours are added. */
const replay = async (recorded: Recorded, path: string) => {
  const headers = new Headers(
    recorded.headers.filter(([name]) => name !== "Host" && name !== "Content-Length") as [string, string][],
  );
  if (!headers.has("authorization")) headers.set("authorization", "Bearer test-ingest");
  const response = await exports.default.fetch(
    new Request(`https://alerts.test${path}`, { method: "POST", headers, body: recorded.rawBody }),
  );
  const text = await response.text();
  return { status: response.status, text, outcomes: text === "" ? [] : outcomesOf(JSON.parse(text)) };
};
const outcomesOf = (receipt: { alerts?: { outcome: string }[] }): string[] =>
  (receipt.alerts ?? []).map((a) => a.outcome);

/** What the sink was told, one line per alert. */
const told = (): string[] =>
  sink.received
    .flatMap((request) => (JSON.parse(request.body) as { alerts: { fingerprint: string; status: string }[] }).alerts)
    .map(({ fingerprint, status }) => `${fingerprint} ${status}`);
const settled = (count: number) =>
  eventually(
    async () => told(),
    (lines) => lines.length >= count,
  );

beforeAll(async () => {
  const target = { name: "sink", type: "webhook", url: "https://sink.example.com/hook" };
  expect((await post("/api/v1/targets", target)).status).toBe(201);
  const tokens = {
    "basic-am": "s3cret:with:colons",
    "bearer-am": "tok_abc",
    "key-am": "k123",
    "basic-prom": "p:w",
    "bearer-prom": "tok_prom",
  };
  // The recorded senders' own tokens, stored as the API stores them: by hash.
  const { env } = await import("cloudflare:workers");
  for (const [name, token] of Object.entries(tokens)) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
    const hash = [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
    await env.DB.prepare(
      "INSERT INTO tokens (hash, name, scopes, created_at, created_by) VALUES (?, ?, '[\"ingest\"]', 0, 'test')",
    )
      .bind(hash, name)
      .run();
  }
});
afterEach(() => vi.useRealTimers());

const A = "144c2acf086139f0";
const B = "13f2c7408f12c380";
const C = "fabfb843cbe98fe9";

test("a recorded Alertmanager, byte for byte: one notification per transition, none for a repeat", async () => {
  const steps: [name: string, outcomes: string[]][] = [
    ["firing_group_of_3", ["new", "new", "new"]],
    ["firing_group_of_3", ["duplicate", "duplicate", "duplicate"]],
    // The same alerts, sent with other credentials.
    ["basic_auth_firing", ["duplicate", "duplicate", "duplicate"]],
    ["bearer_firing", ["duplicate", "duplicate", "duplicate"]],
    ["custom_auth_type_firing", ["duplicate", "duplicate", "duplicate"]],
    ["partially_resolved_group", ["duplicate", "resolved", "duplicate"]],
    ["partially_resolved_group", ["duplicate", "duplicate", "duplicate"]],
    // Cut to one alert of three: the others' absence says nothing.
    ["truncated_max_alerts_1_firing", ["duplicate"]],
    ["truncated_max_alerts_1_after_hidden_resolve", ["duplicate"]],
    ["resolved_group", ["resolved", "resolved"]],
    ["resolved_group", ["duplicate", "duplicate"]],
    ["truncated_resolved", ["duplicate"]],
    ["group_by_all_single", ["reopened"]],
  ];
  for (const [name, outcomes] of steps) {
    const answer = await replay(webhookCases[name]!, "/webhook");
    expect([name, answer.status, answer.outcomes]).toEqual([name, 200, outcomes]);
  }
  const transitions = steps.flatMap(([, outcomes]) => outcomes).filter((outcome) => outcome !== "duplicate").length;
  await settled(transitions);
  expect(told().toSorted()).toEqual(
    [
      `${A} firing`,
      `${A} resolved`,
      `${B} firing`,
      `${B} resolved`,
      `${C} firing`,
      `${C} firing`,
      `${C} resolved`,
    ].toSorted(),
  );
  expect(told().filter((line) => line.startsWith(C))).toEqual([`${C} firing`, `${C} resolved`, `${C} firing`]);
});

test("a recorded Prometheus, byte for byte, at the time it was recorded", async () => {
  const before = told().length;
  const recordedAt = (name: string): string => prometheusCases[name]!.receivedAt;
  const steps: [name: string, at: string][] = [
    ["resolved_first_seen_without_firing", recordedAt("resolved_first_seen_without_firing")],
    ["firing_basic_auth", recordedAt("firing_basic_auth")],
    ["no_annotations_no_for", recordedAt("no_annotations_no_for")],
    ["firing_repeat", recordedAt("firing_repeat")],
    ["flapping_firing_bearer", recordedAt("flapping_firing_bearer")],
    // Old news, sent once more after the next stretch began: it must not end that one.
    ["flapping_resolved_bearer", recordedAt("flapping_firing_bearer")],
  ];
  for (const [name, at] of steps) {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(at) });
    const answer = await replay(prometheusCases[name]!, "/api/v2/alerts");
    expect([name, answer.status, answer.text]).toEqual([name, 200, ""]);
  }
  const firing = (): string[] =>
    told()
      .slice(before)
      .filter((line) => line.endsWith("firing"));
  await eventually(
    async () => firing(),
    (lines) => lines.length >= 3,
  );
  // The recorded ends are long past from here on, so what fires also expires while we look: only that may follow.
  vi.useRealTimers();
  const events = (await get("/history?limit=1000")).json.alerts as unknown as {
    alertname: string;
    kind: string;
    expired: boolean;
  }[];
  const kinds = (name: string): string[] =>
    events
      .filter((event) => event.alertname === name && !event.expired)
      .map((event) => event.kind)
      .toReversed();
  expect([kinds("AlwaysFiring"), kinds("WithFor"), kinds("Flapping")]).toEqual([["new"], ["new"], ["new", "reopened"]]);
  const lines = told().slice(before);
  expect(firing()).toHaveLength(3);
  // Nobody hears of the end of what nobody heard of.
  lines.forEach((line, i) => {
    if (line.endsWith("resolved")) expect(lines.slice(0, i)).toContain(line.replace("resolved", "firing"));
  });
});

describe("following an alert", () => {
  test("its receipt, its history and its trace tell the same", async () => {
    const answer = await send({ alertname: "BackupFailed", severity: "critical", namespace: "prod" });
    const [{ fingerprint }] = answer.json.alerts as unknown as [{ fingerprint: string }];
    const delivered = await eventually(
      () => get(`/api/v1/receipts/${answer.json.receipt_id}`),
      ({ json }) =>
        (json.events as unknown as { deliveries_summary: { sent: number } }[])[0]?.deliveries_summary.sent === 1,
    );
    expect(delivered.json.state).toBe("stored");
    const history = await get(`/history/${fingerprint}`);
    expect(history.json).toMatchObject({ current_status: "firing", receive_count: 1, alert_name: "BackupFailed" });
    const trace = await get(`/api/v1/alerts/${fingerprint.toUpperCase()}/trace`);
    const steps = (
      trace.json.events as unknown as { trace: { stage: string; decision: string; target?: string }[] }[]
    )[0]!.trace;
    expect(steps.at(-1)).toMatchObject({ stage: "deliver", decision: "sent", target: "sink" });
  });

  test("a repeat raises the count and writes no event", async () => {
    const alert = { alertname: "Repeated", instance: "a" };
    const first = await send(alert);
    const [{ fingerprint }] = first.json.alerts as unknown as [{ fingerprint: string }];
    for (let i = 0; i < 9; i++) expect(outcomesOf((await send(alert)).json as never)).toEqual(["duplicate"]);
    const { json } = await eventually(
      () => get(`/history/${fingerprint}`),
      (answer) => answer.status === 200,
    );
    expect(json).toMatchObject({ receive_count: 10 });
    expect(json.events).toHaveLength(1);
  });

  test("a receipt of nothing but repeats says so, and an id of another kind is no receipt", async () => {
    const repeat = await send({ alertname: "Repeated", instance: "a" });
    expect((await get(`/api/v1/receipts/${repeat.json.receipt_id}`)).json.state).toBe("no_transitions");
    expect((await get(`/api/v1/receipts/${crypto.randomUUID()}`)).status).toBe(404);
    expect((await get("/api/v1/receipts/nonsense")).status).toBe(400);
  });
});
