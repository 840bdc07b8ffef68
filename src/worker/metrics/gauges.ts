/** What is read at the moment of a scrape: sizes and states, by a handful of rows. */
import { ENRICHMENT_MODES } from "../../core/classify/mode.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import type { Collected } from "../objects/metrics-hub.ts";
import { type RegisteredTarget, registry } from "../registry.ts";
import { loadSettings } from "../settings.ts";
import { ours } from "./families.ts";
import { type MetricLabels, nameOf, seriesOf } from "./text.ts";

/** Dead letters that are counted one by one; above it the gauge stands still and the counter of failures tells more. */
const MAX_COUNTED_DEAD = 100;
/** The level of Alertmanager's API that is spoken (contracts 2); clients refuse to talk to older ones. */
const ALERTMANAGER_VERSION = "0.28.0";

type Samples = [series: string, value: number][];

const gauge = (name: string, value: number, labels: MetricLabels = {}): Samples[number] => [
  seriesOf(ours(name), labels),
  value,
];

const ofDatabase = async (env: Bindings): Promise<Samples> => {
  const { results, meta } = await env.DB.prepare(
    `SELECT target, coalesce(reason, 'unknown') AS error_type, replayed_at IS NOT NULL AS replayed, count(*) AS n
     FROM (SELECT target, reason, replayed_at FROM notifications INDEXED BY notifications_dead WHERE state = 'dead'
           ORDER BY at DESC, subject DESC, seq DESC, target DESC, replay DESC LIMIT ?1)
     GROUP BY 1, 2, 3`,
  )
    .bind(MAX_COUNTED_DEAD)
    .all<{ target: string; error_type: string; replayed: number; n: number }>();
  return [
    gauge(
      "publishing_dlq_size",
      results.reduce((sum, { n }) => sum + n, 0),
    ),
    ...results.map(({ target, error_type, replayed, n }) =>
      gauge("publishing_dlq_entries", n, { target, error_type, replayed: String(replayed === 1) }),
    ),
    gauge("database_size_bytes", Number(meta.size_after ?? 0)),
  ];
};

/** Levels of targets that are there; queues of all targets are added up, because their label is the priority only. */
const ofLevels = (levels: Collected["levels"], targets: readonly RegisteredTarget[]): Samples => {
  const known = new Set(targets.map(({ target }) => target.name));
  const queue = new Map<string, number>(["high", "medium", "low"].map((priority) => [priority, 0]));
  let atWork = 0;
  const shown: Samples = [];
  for (const [series, value] of Object.entries(levels)) {
    const [, target = ""] = /target(?:_name)?="([^"]*)"/.exec(series) ?? [];
    if (!known.has(target)) continue;
    const priority = /priority="([^"]*)"/.exec(series)?.[1];
    if (nameOf(series) === ours("publishing_active_workers")) atWork += value;
    else if (priority === undefined) shown.push([series, value]);
    else queue.set(priority, (queue.get(priority) ?? 0) + value);
  }
  const sizes = [...queue].map(([priority, n]) => gauge("publishing_queue_size", n, { priority }));
  return [...shown, ...sizes, gauge("publishing_active_workers", atWork)];
};

const ofTargets = async (env: Bindings, levels: Collected["levels"]): Promise<Samples> => {
  const [targets, status] = await Promise.all([registry(env).list(), registry(env).status()]);
  return [
    gauge("publishing_targets_discovered", targets.length),
    gauge("publishing_targets_unreadable", targets.filter(({ defect }) => defect !== null).length),
    gauge("publishing_targets_enabled", targets.filter(({ target }) => target.enabled).length),
    ...targets.flatMap(({ target, discovered }) =>
      discovered === null
        ? []
        : [gauge("target_frozen", discovered.frozen == null ? 0 : 1, { target_name: target.name })],
    ),
    ...status.clusters.flatMap(({ name: cluster, lastSuccess, frozenSince }) => [
      gauge("cluster_frozen", frozenSince === null ? 0 : 1, { cluster }),
      ...(lastSuccess === null ? [] : [gauge("cluster_last_sync_timestamp_seconds", lastSuccess / 1000, { cluster })]),
    ]),
    ...ofLevels(levels, targets),
  ];
};

const ofSettings = async (env: Bindings, now: number): Promise<Samples> => [
  gauge("enrichment_mode_status", ENRICHMENT_MODES.indexOf((await loadSettings(env, now)).mode)),
];

const ofLiveFeed = async (env: Bindings): Promise<Samples> => [
  gauge("active_connections", await env.LIVE.getByName("main").connections()),
];

const ofHub = (collected: Collected, version: string): Samples => [
  gauge("api_history_http_active_requests", collected.openHistoryRequests),
  gauge("outbox_rows", collected.outboxRows),
  ...(collected.outboxOldest === null ? [] : [gauge("outbox_oldest_timestamp_seconds", collected.outboxOldest / 1000)]),
  ...(collected.cronAt === null ? [] : [gauge("cron_last_run_timestamp_seconds", collected.cronAt / 1000)]),
  gauge("service_started_time", collected.startedAt / 1000),
  gauge("build_info", 1, { version }),
  [seriesOf("alertmanager_build_info", { version: ALERTMANAGER_VERSION, revision: version, branch: "main" }), 1],
  gauge("scrape_failed_parts", collected.silentShards, { part: "shards" }),
];

/** A part that cannot be read leaves its series out and is counted; it takes no other part with it. */
export const readGauges = async (
  env: Bindings,
  collected: Collected,
  version: string,
  now: number,
): Promise<Samples> => {
  const parts: readonly (readonly [part: string, read: () => Promise<Samples>])[] = [
    ["database", () => ofDatabase(env)],
    ["targets", () => ofTargets(env, collected.levels)],
    ["settings", () => ofSettings(env, now)],
    ["live", () => ofLiveFeed(env)],
  ];
  const read = await Promise.all(
    parts.map(async ([part, samples]): Promise<Samples> => {
      try {
        return [...(await samples()), gauge("scrape_failed_parts", 0, { part })];
      } catch (error) {
        logError("metrics.gauges", error, { part });
        return [gauge("scrape_failed_parts", 1, { part })];
      }
    }),
  );
  return [...ofHub(collected, version), ...read.flat()];
};
