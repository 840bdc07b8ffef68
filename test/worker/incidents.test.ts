import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { CorrelationRule } from "../../src/core/history/incident.ts";
import { removeOld } from "../../src/worker/cron/retention.ts";
import type { Decided } from "../../src/worker/db/events.ts";
import { commitEvents } from "../../src/worker/db/events.ts";
import { joinIncidents } from "../../src/worker/db/incidents.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { get } from "../support/api.ts";
import { putDocument } from "../support/config.ts";
import { DECISION, madeEvent } from "../support/events.ts";

const NOW = Date.now();
const MIN = 60_000;
const DAY = 86_400_000;
const RULE: CorrelationRule = { labels: ["cluster"], withinMs: 10 * MIN };

let n = 0;
/** Spread as hashes are. */
const newFingerprint = (): string =>
  ((++n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0") + n.toString(16).padStart(8, "0");
const started = (cluster: string, at: number, over: object = {}): Decided => ({
  event: madeEvent(NOW, {
    fingerprint: newFingerprint(),
    labels: { alertname: `A${n}`, cluster },
    startsAt: at,
    receivedAt: at,
    ...over,
  }),
  decision: DECISION,
});
const commit = async (rule: CorrelationRule, ...decided: Decided[]): Promise<void> => {
  await env.DB.batch([...commitEvents(env.DB, decided, [], [], NOW), ...joinIncidents(env.DB, decided, rule)]);
};
const sizes = async (cluster: string): Promise<number[]> => {
  const { results } = await env.DB.prepare(
    `SELECT (SELECT count(*) FROM incident_members m WHERE m.incident = i.id) AS n FROM incidents i WHERE key = ? ORDER BY opened_at`,
  )
    .bind(`cluster=${cluster}`)
    .all<{ n: number }>();
  return results.map((row) => row.n);
};

describe("alerts that share labels", () => {
  test("in a rolling window each keeps it open for the next", async () => {
    for (const minute of [0, 9, 18, 27, 38]) await commit(RULE, started("rolling", NOW + minute * MIN));
    expect(await sizes("rolling")).toEqual([4, 1]);
  });

  test("a fixed window closes so long after the first", async () => {
    for (const minute of [0, 9, 18]) await commit({ ...RULE, window: "fixed" }, started("fixed", NOW + minute * MIN));
    expect(await sizes("fixed")).toEqual([2, 1]);
  });

  test("a redelivered batch, and batches at once, make one incident with each alert once", async () => {
    const batches = Array.from({ length: 4 }, (_, i) => [started("once", NOW + i), started("once", NOW + i)]);
    await Promise.all(batches.map((batch) => commit(RULE, ...batch)));
    for (const batch of batches) await commit(RULE, ...batch);
    expect((await sizes("once")).reduce((sum, size) => sum + size, 0)).toBe(8);
    expect((await sizes("once")).length).toBeLessThanOrEqual(2);
  });

  test("an end joins nothing, and alerts without the labels neither", async () => {
    await commit(
      RULE,
      started("ends", NOW, { status: "resolved", kind: "resolved" }),
      started("", NOW, { labels: { a: "b" } }),
    );
    expect(await sizes("ends")).toEqual([]);
  });

  test("are shown as incidents of two and more, with members, timeline and first cause", async () => {
    await commit(RULE, started("shown", NOW + 1000), started("shown", NOW), started("alone", NOW));
    const { json } = await get("/api/v1/incidents");
    const incidents = json.incidents as unknown as { id: string; labels: string }[];
    expect(incidents.map((one) => one.labels)).toContain("cluster=shown");
    expect(incidents.map((one) => one.labels)).not.toContain("cluster=alone");
    const { id } = incidents.find((one) => one.labels === "cluster=shown")!;
    const one = (await get(`/api/v1/incidents/${id}`)).json as unknown as {
      members: unknown[];
      timeline: { at: string }[];
    };
    expect(one).toMatchObject({ alerts: 2, firing: 2, status: "open", first_cause: { why: "earliest" } });
    expect(one.timeline.map((step) => Date.parse(step.at))).toEqual([NOW, NOW + 1000]);
    expect((await get("/api/v1/incidents/none")).status).toBe(404);
    const first = await get("/api/v1/incidents?limit=1");
    const next = await get(`/api/v1/incidents?limit=1&cursor=${first.json.cursor}`);
    expect((next.json.incidents as unknown as { id: string }[])[0]?.id).not.toBe(
      (first.json.incidents as unknown as { id: string }[])[0]?.id,
    );
  });
});

test("an alert that fires again much later does not open its old incident again", async () => {
  const [one, other] = [started("later", NOW), started("later", NOW)];
  const at = (minute: number, seq: number, change: object): Decided => ({
    ...one,
    event: { ...one.event, ...change, seq, receivedAt: NOW + minute * MIN },
  });
  const read = async () => {
    const incidents = (await get("/api/v1/incidents?limit=50")).json.incidents as unknown as Record<string, unknown>[];
    return incidents.find(({ labels }) => labels === "cluster=later");
  };
  const ended = (minute: number) => ({ status: "resolved", kind: "resolved", endsAt: NOW + minute * MIN });
  await commit(RULE, one, other);
  await commit(RULE, at(5, 2, ended(5)));
  expect(await read()).toMatchObject({ status: "open", firing: 1, ended_at: null });
  await commit(RULE, {
    ...other,
    event: { ...other.event, ...ended(7), seq: 2, receivedAt: NOW + 7 * MIN },
  } as Decided);
  expect(await read()).toMatchObject({ status: "resolved", ended_at: new Date(NOW + 7 * MIN).toISOString() });
  await commit(RULE, at(600, 3, { kind: "reopened", startsAt: NOW + 600 * MIN }));
  expect(await read()).toMatchObject({
    status: "resolved",
    firing: 0,
    ended_at: new Date(NOW + 7 * MIN).toISOString(),
  });
});

describe("retention", () => {
  const count = (table: string, where: string): Promise<number | null> =>
    env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).first<number>("n");

  test("removes what is old in bounded steps, and nothing of an alert that fires", async () => {
    const old = NOW - 40 * DAY;
    const firing = started("retained", old);
    const done = Array.from({ length: 1500 }, () =>
      started("gone", old, { status: "resolved", kind: "resolved", endsAt: old }),
    );
    await commit(RULE, firing, ...done);
    const call = (at: number) =>
      env.DB.prepare(
        `INSERT INTO classification_calls (at, fingerprint, seq, alertname, provider, model, prompt_version, outcome,
           attempts, latency_ms) VALUES (?1, 'f', 1, 'A', 'p', 'm', '1', 'answered', 1, 1)`,
      ).bind(at);
    const answer = (digest: string, expiresAt: number) =>
      env.DB.prepare("INSERT INTO classifications VALUES (?1, '{}', ?2)").bind(
        `classification:${digest.padEnd(64, "f")}:m:1`,
        expiresAt,
      );
    const word = (at: number) =>
      env.DB.prepare("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, 'ann', 'a', 's', '{}')").bind(
        at,
      );
    await env.DB.batch([
      ...[call(old), call(NOW), word(old), word(NOW)],
      ...["00", "0f", "7f", "ff"].flatMap((digest) => [answer(digest, old), answer(`${digest}a`, NOW + DAY)]),
    ]);
    await putDocument({ route: { receiver: "a" }, receivers: [{ name: "a" }], retention: { audit: "30d" } });
    const now = NOW - (NOW % MIN);
    const first = await removeOld(env as unknown as Bindings, now);
    expect(first).toBeLessThanOrEqual(10_000);
    expect(await count("events", `received_at = ${old}`)).toBe(501);
    for (let minute = 1; minute <= 256; minute++) await removeOld(env as unknown as Bindings, now + minute * MIN);
    expect(await count("events", `received_at = ${old}`)).toBe(1);
    expect(await count("alerts", `updated_at = ${old}`)).toBe(1);
    expect([await count("classification_calls", "1"), await count("classifications", "1")]).toEqual([1, 4]);
    expect(await count("audit", `at = ${old}`)).toBe(0);
    expect(await count("audit", `at = ${NOW}`)).toBe(1);
    expect(await count("rollups", `hour < ${NOW - 31 * DAY}`)).toBe(0);
    expect((await get(`/history/${firing.event.fingerprint}`)).json).toMatchObject({ current_status: "firing" });
  }, 600_000);
});
