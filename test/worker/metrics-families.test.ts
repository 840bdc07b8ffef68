/**
 * Every family of metrics with what makes it move: the cause happens to the running Worker, and the scrape after it says
 * something else than the one before. A family that no cause moves fails the last test.
 */
import { createExecutionContext, createMessageBatch, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { app } from "../../src/worker/app.ts";
import type { Bindings } from "../../src/worker/env.ts";
import worker from "../../src/worker/index.ts";
import type { HandedOver } from "../../src/worker/metrics/count.ts";
import { FAMILIES } from "../../src/worker/metrics/families.ts";
import type { MetricsHub } from "../../src/worker/objects/metrics-hub.ts";
import { shardName } from "../../src/worker/shards.ts";
import { eventually, get, post, send } from "../support/api.ts";
import { entry, exporter } from "../support/exporter.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const bindings = env as unknown as Bindings;
const alpha = exporter("alpha");
exporter("beta");
const sink = receiver("sink.example.com");
const hook = receiver("hook.example.com");
const llm = receiver("llm.example.com");
hook.answer = () => new Response("no such channel", { status: 404 });
sink.answer = () => new Response("{}");

type Scrape = ReadonlyMap<string, number>;

const scrape = async (): Promise<Scrape> => {
  const { status, text } = await get("/metrics");
  expect(status).toBe(200);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
};

/** A family's samples in one text, so that any change of any of them shows. */
const samplesOf = (scraped: Scrape, name: string): string =>
  [...scraped]
    .filter(([series]) => [name, `${name}_count`].includes(series.split("{", 1)[0] ?? ""))
    .map(([series, value]) => `${series} ${value}`)
    .sort()
    .join("\n");

const runCron = async (): Promise<void> => {
  await worker.scheduled?.({ scheduledTime: Date.now(), cron: "* * * * *", noRetry: () => {} }, bindings);
};
const contextOf = () => createExecutionContext() as ExecutionContext;
const alert = (alertname: string, labels: Record<string, string> = {}) => ({ labels: { alertname, ...labels } });
const remove = (path: string): Promise<Response> =>
  exports.default.fetch(
    new Request(`https://alerts.test${path}`, { method: "DELETE", headers: { authorization: "Bearer test-admin" } }),
  );
const inSql = (sql: string) => bindings.DB.prepare(sql).run();
const askModel = async (alertname: string, answer: () => Response): Promise<void> => {
  llm.answer = answer;
  const request = new Request("https://alerts.test/classification/classify", {
    method: "POST",
    headers: { authorization: "Bearer test-admin", "content-type": "application/json" },
    body: JSON.stringify({ alert: alert(alertname) }),
  });
  const asked = { ...bindings, LLM_PROXY_URL: "https://llm.example.com", LLM_MAX_RETRIES: "1" };
  const response = await app.fetch(request, asked, contextOf());
  expect(response.status, await response.text()).toBe(200);
};
const goodAnswer = () =>
  Response.json({
    choices: [
      {
        message: {
          content: JSON.stringify({
            severity: "critical",
            category: "capacity",
            confidence: 0.9,
            reasoning: "full",
            recommendations: [],
          }),
        },
      },
    ],
  });
const enable = (name: string, enabled: boolean) =>
  post("/api/v1/targets", { name, type: "webhook", url: `https://${name}.example.com/`, enabled });

let socket: WebSocket | null = null;
/** Undone after a cause: what would disturb the next. */
let mend: () => Promise<unknown> = async () => null;

interface Cause {
  readonly cause: string;
  readonly act: () => Promise<unknown>;
  /** Without our prefix, but for those that have none. */
  readonly moves: readonly string[];
}

const CAUSES: readonly Cause[] = [
  {
    cause: "an alert comes by webhook and a target is told",
    act: () => send({ ...alert("FamilyTold"), status: "firing" }),
    moves: [
      ...["webhook_requests_total", "webhook_request_duration_seconds", "webhook_alerts_received_total"],
      ...["webhook_alerts_processed_total", "ah:webhook_events_total", "ah:request_latency_seconds"],
      ...["ah:dedup_total", "ah:alerts_stored_total", "ah:enrichment_enriched_alerts_total"],
      ...["ah:classification_total", "ah:classification_duration_seconds", "ah:classification_confidence"],
      ...["ah:filter_decisions_total", "ah:publishing_total", "ah:publishing_job_completed_total"],
      ...["ah:publishing_job_duration_seconds", "ah:publishing_duration_seconds", "ah:database_operations_total"],
    ],
  },
  {
    cause: "a body says that alerts were left out of it",
    act: () => send({ version: "4", receiver: "x", truncatedAlerts: 3, alerts: [alert("FamilyTruncated")] }),
    moves: ["webhook_alerts_truncated_total"],
  },
  {
    cause: "a body holds nothing usable",
    act: () => send({ nothing: true }),
    moves: ["webhook_errors_total", "ah:webhook_errors_total", "webhook_validation_errors_total"],
  },
  {
    cause: "a token is wrong",
    act: () =>
      exports.default.fetch(
        new Request("https://alerts.test/webhook", { method: "POST", headers: { "x-api-key": "no" }, body: "{}" }),
      ),
    moves: ["webhook_auth_failures_total"],
  },
  {
    cause: "a shard takes no more",
    act: async () => {
      const name = shardName(bindings, { alertname: "FamilyRefused" });
      const stub = bindings.SHARDS.getByName(name);
      await runInDurableObject(stub, (_, state) => {
        state.storage.sql.exec(
          `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
           INSERT INTO acknowledged (at, ids, changes)
           SELECT 1000, '[["f' || i || '",1]]', '[{"kind":"ref","fingerprint":"f' || i || '","seq":1}]' FROM n`,
        );
      });
      await evictDurableObject(stub);
      expect((await send(alert("FamilyRefused"))).status).toBe(503);
      mend = async () => {
        const again = bindings.SHARDS.getByName(name);
        await runInDurableObject(again, (_, state) => state.storage.sql.exec("DELETE FROM acknowledged"));
        await evictDurableObject(again);
      };
    },
    moves: ["webhook_rate_limit_hits_total", "ah:outbox_rows", "ah:outbox_oldest_timestamp_seconds"],
  },
  {
    cause: "what a proxy waits for is not decided in time",
    act: async () => {
      await inSql("CREATE TRIGGER stopped BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'stopped'); END");
      mend = () => inSql("DROP TRIGGER stopped");
      expect((await send(alert("FamilyLate"), "/webhook/proxy")).status).toBe(200);
    },
    moves: ["webhook_timeouts_total"],
  },
  {
    cause: "the mode is switched",
    act: () => post("/enrichment/mode", { mode: "transparent" }),
    moves: ["ah:enrichment_mode_switches_total", "ah:enrichment_mode_requests_total", "ah:enrichment_mode_status"],
  },
  {
    cause: "an alert comes while no classification is wanted",
    act: () => send(alert("FamilyTransparent")),
    moves: ["ah:enrichment_transparent_alerts_total"],
  },
  {
    cause: "a model fails",
    act: () => askModel("FamilyFails", () => new Response("", { status: 500 })),
    moves: ["ah:llm_errors_total", "ah:classification_errors_total", "ah:cache_misses_total"],
  },
  {
    cause: "an answer is remembered by the isolate",
    act: async () => {
      await askModel("FamilyRemembered", goodAnswer);
      await askModel("FamilyRemembered", goodAnswer);
    },
    moves: ["ah:classification_l1_cache_hits_total", "ah:cache_hits_total"],
  },
  {
    cause: "an answer is remembered by the database",
    act: async () => {
      const { classifierMemory } = await import("../../src/worker/classification.ts");
      await eventually(
        async () => (await bindings.DB.prepare("SELECT count(*) AS n FROM classifications").first<number>("n")) ?? 0,
        (n) => n > 0,
      );
      classifierMemory().answers.clear();
      await askModel("FamilyRemembered", goodAnswer);
    },
    moves: ["ah:classification_l2_cache_hits_total"],
  },
  {
    cause: "an alert is silenced",
    act: async () => {
      const matchers = [{ name: "alertname", value: "FamilySilenced", isRegex: false }];
      const endsAt = new Date(Date.now() + 3_600_000).toISOString();
      const silence = { matchers, startsAt: new Date().toISOString(), endsAt, createdBy: "t", comment: "t" };
      expect((await post("/api/v2/silences", silence)).status).toBe(200);
      await send(alert("FamilySilenced"));
    },
    moves: ["ah:notifications_suppressed_total"],
  },
  {
    cause: "a target refuses for good",
    act: async () => {
      await enable("hook", true);
      await send(alert("FamilyRefusedForGood", { severity: "critical" }));
    },
    moves: [
      ...["ah:publishing_job_failed_total", "ah:publishing_dlq_size", "ah:publishing_dlq_entries"],
      "ah:publishing_targets_enabled",
    ],
  },
  {
    cause: "a target is away",
    act: async () => {
      hook.answer = () => new Response("", { status: 503 });
      await Promise.all(Array.from({ length: 6 }, (_, i) => send(alert(`FamilyAway${i}`, { severity: "critical" }))));
    },
    moves: [
      ...["ah:publishing_retry_attempts_total", "ah:publishing_queue_size", "ah:publishing_active_workers"],
      ...["ah:publishing_circuit_breaker_state", "ah:target_health_status", "ah:target_consecutive_failures"],
    ],
  },
  {
    cause: "the cron runs",
    act: runCron,
    moves: ["ah:cron_last_run_timestamp_seconds"],
  },
  {
    cause: "a part of the cron fails",
    act: async () => {
      await inSql("ALTER TABLE silences RENAME TO silences_away");
      mend = () => inSql("ALTER TABLE silences_away RENAME TO silences");
      await runCron();
    },
    moves: ["ah:cron_failures_total"],
  },
  {
    cause: "a cluster is read",
    act: async () => {
      alpha.serve([entry("found")], {
        invalid: [{ namespace: "alerts", secret: "bad", reason: "missing_url", detail: "" }],
      });
      expect((await post("/publishing/targets/refresh", "")).status).toBe(202);
    },
    moves: [
      ...["ah:publishing_discovery_secrets_total", "ah:publishing_refresh_total"],
      ...["ah:cluster_last_sync_timestamp_seconds", "ah:publishing_targets_discovered"],
    ],
  },
  {
    cause: "a definition cannot be opened",
    act: async () => {
      await post("/api/v1/targets", { name: "spoiled", type: "webhook", url: "https://spoiled.example.com/" });
      await runInDurableObject(bindings.REGISTRY.getByName("main"), (object) => {
        const { targets, version } = object as unknown as { targets: Record<string, object>; version: number };
        const spoiled = { ...targets.spoiled, sealed: "k0.nobody.knows" };
        Object.assign(object, { targets: { ...targets, spoiled }, version: version + 1 });
      });
      mend = () => remove("/api/v1/targets/spoiled");
    },
    moves: ["ah:publishing_targets_unreadable"],
  },
  {
    cause: "a cluster cannot be read any more",
    act: async () => {
      alpha.answer = () => new Response("", { status: 503 });
      await runInDurableObject(bindings.REGISTRY.getByName("main"), (object) => {
        Object.assign(object, { lastManualAt: 0 });
      });
      expect((await post("/publishing/targets/refresh", "")).status).toBe(202);
    },
    moves: ["ah:cluster_frozen", "ah:target_frozen"],
  },
  {
    cause: "history is asked for with a filter",
    act: async () => {
      const { headers } = await get("/history?severity=critical");
      const again = await exports.default.fetch(
        new Request("https://alerts.test/history?severity=critical", {
          headers: { authorization: "Bearer test-admin", "if-none-match": headers.get("etag") ?? "" },
        }),
      );
      expect(again.status).toBe(304);
    },
    moves: [
      ...["ah:api_history_http_requests_total", "ah:api_history_http_request_duration_seconds"],
      ...["ah:api_history_query_duration_seconds", "ah:api_history_query_results_count"],
      ...["ah:api_history_filters_operations_total", "ah:api_history_cache_hits_total"],
    ],
  },
  {
    cause: "a caller has an old answer, and another asks for nonsense",
    act: async () => {
      await exports.default.fetch(
        new Request("https://alerts.test/history", {
          headers: { authorization: "Bearer test-admin", "if-none-match": '"0000000000000000"' },
        }),
      );
      expect((await get("/history?limit=none")).status).toBe(400);
    },
    moves: ["ah:api_history_cache_misses_total", "ah:api_history_http_errors_total"],
  },
  {
    cause: "another isolate has requests for history open",
    act: () =>
      hub("main").add({ counts: {}, levels: {}, presence: { isolate: "other", openHistoryRequests: 2 }, live: null }),
    moves: ["ah:api_history_http_active_requests"],
  },
  {
    cause: "a dashboard connects to the live feed",
    act: async () => {
      const response = await exports.default.fetch(
        new Request("https://alerts.test/api/v1/live", {
          headers: { authorization: "Bearer test-admin", upgrade: "websocket" },
        }),
      );
      socket = response.webSocket;
      socket?.accept();
    },
    moves: ["ah:active_connections"],
  },
  {
    cause: "a bell has failed too often",
    act: async () => {
      const batch = createMessageBatch("alerts-dead", [{ id: "1", timestamp: new Date(), attempts: 1, body: {} }]);
      await worker.queue?.(batch as MessageBatch, bindings, contextOf());
    },
    moves: ["ah:queue_dead_messages_total"],
  },
  {
    cause: "nobody is left to be told",
    act: async () => {
      alpha.serve([]);
      await runInDurableObject(bindings.REGISTRY.getByName("main"), (object) => {
        Object.assign(object, { clusters: {} });
      });
      // Behind it: only these make another version, without which whoever has read the clusters goes on with them.
      await enable("sink", false);
      await enable("hook", false);
      await runCron();
      const { json } = await post("/publishing/submit", { alert: alert("FamilySubmitted"), target_name: "sink" });
      expect(json).toMatchObject({ success: false, mode: "metrics_only" });
    },
    moves: ["ah:publishing_mode_transitions_total", "ah:publishing_submissions_rejected_total"],
  },
  {
    cause: "an alertname is longer than any that has a series of its own",
    act: async () => {
      const counts = { [`x_total{alertname="${"n".repeat(300)}"}`]: 1 };
      await hub("main").add({ ...NOTHING, counts });
    },
    moves: ["ah:metrics_folded_total"],
  },
  {
    cause: "there are more series than are kept",
    act: async () => {
      const many = Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`x_total{n="${i}"}`, 1]));
      await hub("main").add({ ...NOTHING, counts: many });
    },
    moves: ["ah:metrics_dropped_total"],
  },
  {
    cause: "a part of the scrape cannot be read",
    act: async () => {
      await inSql("ALTER TABLE notifications RENAME TO notifications_away");
      mend = () => inSql("ALTER TABLE notifications_away RENAME TO notifications");
    },
    moves: ["ah:scrape_failed_parts"],
  },
];

/** What says how things are and has no cause but that the Worker runs. */
const CONSTANT = [...["alertmanager_build_info", "ah:build_info", "ah:service_started_time", "ah:database_size_bytes"]];

const NOTHING: HandedOver = {
  counts: {},
  levels: {},
  presence: { isolate: "test", openHistoryRequests: 0 },
  live: null,
};
const hub = (name: string) => bindings.METRICS.getByName(name) as DurableObjectStub<MetricsHub>;
const fullName = (name: string): string => name.replace(/^ah:/, "alert_history_");

beforeAll(async () => {
  await post("/api/v1/targets", { name: "sink", type: "webhook", url: "https://sink.example.com/" });
  await post("/api/v1/targets", { name: "hook", type: "webhook", url: "https://hook.example.com/", enabled: false });
  await runCron();
});
afterAll(() => socket?.close());

describe("a family moves when its cause happens", () => {
  test.each(CAUSES.map(({ cause, act, moves }) => [cause, moves, act] as const))("%s", async (_, moves, act) => {
    const before = await scrape();
    await act();
    const still = async (): Promise<string[]> => {
      const after = await scrape();
      return moves.filter((name) => samplesOf(after, fullName(name)) === samplesOf(before, fullName(name)));
    };
    await eventually(still, (names) => names.length === 0);
    await mend();
    mend = async () => null;
  });

  test("what has no cause is there", async () => {
    const scraped = await scrape();
    for (const name of CONSTANT) expect(samplesOf(scraped, fullName(name)), name).not.toBe("");
  });

  test("every family is in this table", () => {
    const moved = [...CAUSES.flatMap(({ moves }) => moves), ...CONSTANT].map(fullName);
    expect(FAMILIES.map(({ name }) => name).filter((name) => !moved.includes(name))).toEqual([]);
    expect(moved.filter((name) => !FAMILIES.some((family) => family.name === name))).toEqual([]);
  });
});
