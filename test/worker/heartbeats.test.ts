import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { watchHeartbeats } from "../../src/worker/cron/heartbeats.ts";
import { notePresence } from "../../src/worker/presence.ts";
import { eventually, get, put, send } from "../support/api.ts";

const MINUTE = 60_000;

interface Current {
  readonly labels: Readonly<Record<string, string>>;
}
const raised = async (): Promise<readonly Current[]> =>
  (await get('/api/v2/alerts?filter=alertname="HeartbeatMissing"')).json as unknown as Current[];

/** The minutes from one time to another, as cron lives them. */
const live = async (from: number, to: number): Promise<void> => {
  for (let at = from; at < to; at += MINUTE) await notePresence(env.DB, at);
};

const useDocument = async (): Promise<void> => {
  const document = [
    "route:\n  receiver: r\nreceivers:\n- name: r\nheartbeats:",
    '- name: prom-eu\n  matchers: alertname="Watchdog",cluster="eu"\n  within: 5m\n  labels: {team: infra}',
  ].join("\n");
  expect((await put("/api/v1/config", document)).status).toBe(200);
};
const beat = () => send({ labels: { alertname: "Watchdog", cluster: "eu", severity: "info" } });
const stateOf = async (): Promise<unknown> =>
  ((await get("/api/v1/senders")).json.heartbeats as unknown as { state: string }[])[0]?.state;

test("who is never heard of is missed once, by name, until it is heard of", async () => {
  await useDocument();
  const now = Date.now();
  expect([await watchHeartbeats(env, now), await stateOf()]).toEqual([0, "waiting"]);
  // As if document and cron were older than the heartbeat may be late.
  await env.DB.prepare("UPDATE config_versions SET created_at = created_at - ?1")
    .bind(10 * MINUTE)
    .run();
  await live(now - 8 * MINUTE, now);
  expect([await watchHeartbeats(env, now), await stateOf()]).toEqual([1, "missing"]);
  const [alert, ...others] = await eventually(raised, (alerts) => alerts.length > 0);
  expect([alert?.labels, others]).toEqual([
    { alertname: "HeartbeatMissing", heartbeat: "prom-eu", severity: "critical", team: "infra" },
    [],
  ]);
  expect(await watchHeartbeats(env, now + 1)).toBe(1);
  await beat();
  await eventually(stateOf, (state) => state === "alive");
  expect(await watchHeartbeats(env, Date.now())).toBe(0);
  await eventually(raised, (alerts) => alerts.length === 0);
  const { json } = await get("/history?alert_name=HeartbeatMissing");
  expect((json.alerts as unknown as { kind: string }[]).map(({ kind }) => kind)).toEqual(["resolved", "new"]);
});

test("who falls silent is missed after its time, but not for a time in which nobody listened", async () => {
  await useDocument();
  await beat();
  await eventually(stateOf, (state) => state === "alive");
  const begin = Date.now();
  await live(begin, begin + 4 * MINUTE);
  expect(await watchHeartbeats(env, begin + 4 * MINUTE)).toBe(0);
  await live(begin + 5 * MINUTE, begin + 7 * MINUTE);
  expect(await watchHeartbeats(env, begin + 7 * MINUTE)).toBe(1);
  // An hour away: whoever is late now is late only since then.
  expect(await watchHeartbeats(env, begin + 60 * MINUTE)).toBe(0);
  await live(begin + 60 * MINUTE, begin + 66 * MINUTE);
  expect(await watchHeartbeats(env, begin + 66 * MINUTE)).toBe(1);
});
