/** Who fires is known across shards: within one request at once, from others as soon as D1 holds it. */
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { fingerprint } from "../../src/core/alert/fingerprint.ts";
import type { AlertEvent } from "../../src/core/history/event.ts";
import { consumeAlerts } from "../../src/worker/consumers/alerts.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { loadInhibitions } from "../../src/worker/inhibitions.ts";
import { loadSettings } from "../../src/worker/settings.ts";
import { eventually, post, send } from "../support/api.ts";
import { putDocument } from "../support/config.ts";
import { madeEvent, storeEvents } from "../support/events.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const chat = receiver("chat.example.com");
const bindings = env as unknown as Bindings;

/** Told alert by alert, at once. */
const DIRECT = { group_by: ["..."], group_wait: "0s", group_interval: "1s" };
/** In groups that do not wait. */
const GROUPED = { group_by: ["alertname"], group_wait: "0s", group_interval: "1s" };
const putRoute = (route: object) =>
  putDocument({
    route: { receiver: "team", ...route },
    receivers: [{ name: "team", targets: ["chat"] }],
    inhibit_rules: [
      { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: ["cluster"] },
    ],
  });

beforeAll(async () => {
  await post("/api/v1/targets", { name: "chat", type: "webhook", url: "https://chat.example.com/hook" });
});
beforeEach(() => {
  chat.received.length = 0;
});

const told = (): string[] =>
  chat.received
    .flatMap(({ body }) => (JSON.parse(body) as { alerts: { labels: { alertname: string } }[] }).alerts)
    .map(({ labels }) => labels.alertname);
const eventWith = (labels: Record<string, string>, over: Partial<AlertEvent> = {}): AlertEvent => ({
  ...madeEvent(Date.now(), { labels, receivedAt: Date.now(), ...over }),
  fingerprint: fingerprint(labels),
});
const stored = (pattern: string) =>
  env.DB.prepare("SELECT count(*) AS n FROM events WHERE alertname GLOB ?1").bind(pattern).first<number>("n");

test.each([
  ["told at once", "Direct", DIRECT],
  ["in groups", "Grouped", GROUPED],
])(
  "alerts of one request inhibit each other, whatever shards they are in and in whatever order they come: %s",
  async (_, word, route) => {
    await putRoute(route);
    // As an isolate that has read it: what a request means depends on the rules in force.
    await loadSettings(bindings, Date.now());
    const clusters = Array.from({ length: 40 }, (_, i) => `${word}${i}`);
    const each = (name: string, severity: string) =>
      clusters.map((cluster, i) => ({ labels: { alertname: `${name}${i}`, severity, cluster } }));
    const [inhibited, inhibiting] = [each(`${word}Slow`, "warning"), each(`${word}Down`, "critical")];
    // Fewer to a request than a shard would keep together.
    for (let from = 0; from < clusters.length; from += 4) {
      await send({ alerts: [...inhibited.slice(from, from + 4), ...inhibiting.slice(from, from + 4)] });
    }
    await eventually(
      () => stored(`${word}Slow*`),
      (n) => n === clusters.length,
    );
    await eventually(
      async () => told(),
      (names) => names.filter((name) => name.startsWith(`${word}Down`)).length === clusters.length,
    );
    expect(told().filter((name) => name.startsWith(`${word}Slow`))).toEqual([]);
  },
);

test("what came with a request counts for a while, and no longer", async () => {
  await putRoute(DIRECT);
  const bring = async (event: AlertEvent) => {
    const changes = [{ kind: "event" as const, event }];
    const background = { waitUntil: (work: Promise<unknown>) => void work };
    await consumeAlerts(bindings, [{ v: 1, shard: "shard-0", again: false, changes }], false, background);
    const row = await env.DB.prepare("SELECT trace FROM events WHERE fingerprint = ?1")
      .bind(event.fingerprint)
      .first<{ trace: string }>();
    return row?.trace;
  };
  const source = { alertname: "OnItsWay", severity: "critical", cluster: "way" };
  const inhibitors = [{ fingerprint: fingerprint(source), labels: source }];
  const labels = (alertname: string) => ({ alertname, severity: "warning", cluster: "way" });
  expect(await bring(eventWith(labels("Beside"), { inhibitors }))).toContain(
    `inhibited by ${inhibitors[0]?.fingerprint}`,
  );
  const late = { inhibitors, receivedAt: Date.now() - 120_000 };
  expect(await bring(eventWith(labels("LongAfter"), late))).not.toContain("inhibited by");
});

test("what was committed a moment ago counts, and so does its end", async () => {
  const { config } = await loadSettings(bindings, Date.now());
  const source = eventWith({ alertname: "JustNow", severity: "critical", cluster: "now" });
  const asking = eventWith({ alertname: "Asks", severity: "warning", cluster: "now" });
  const inhibitors = async () =>
    (await loadInhibitions(env.DB, config?.inhibitRules ?? [], [asking], [], Date.now()))(asking.labels, "another");
  // Read whole here, and remembered.
  expect(await inhibitors()).toEqual([]);
  await storeEvents(Date.now(), source);
  expect(await inhibitors()).toEqual([source.fingerprint]);
  await storeEvents(Date.now(), { ...source, seq: 2, kind: "resolved", status: "resolved" });
  expect(await inhibitors()).toEqual([]);
});
