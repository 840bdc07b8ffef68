/** What is read at the moment of a scrape: sizes and states, by a handful of rows. */
import { ENRICHMENT_MODES } from "../../core/classify/mode.ts";
import type { Bindings } from "../env.ts";
import { logError } from "../log.ts";
import type { Collected } from "../objects/metrics-hub.ts";
import { registry } from "../registry.ts";
import { loadSettings } from "../settings.ts";
import { ours } from "./families.ts";
import { type MetricLabels, seriesOf } from "./text.ts";

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
    `SELECT count(*) AS n FROM (SELECT 1 FROM notifications INDEXED BY notifications_dead WHERE state = 'dead' LIMIT ?1)`,
  )
    .bind(MAX_COUNTED_DEAD)
    .all<{ n: number }>();
  return [gauge("publishing_dlq_size", results[0]?.n ?? 0), gauge("database_size_bytes", Number(meta.size_after ?? 0))];
};

const ofTargets = async (env: Bindings): Promise<Samples> => {
  const [targets, status] = await Promise.all([registry(env).list(), registry(env).status()]);
  return [
    gauge("publishing_targets_discovered", targets.length),
    gauge("publishing_targets_enabled", targets.filter(({ target }) => target.enabled).length),
    ...status.clusters.flatMap(({ name: cluster, lastSuccess, frozenSince }) => [
      gauge("cluster_frozen", frozenSince === null ? 0 : 1, { cluster }),
      ...(lastSuccess === null ? [] : [gauge("cluster_last_sync_timestamp_seconds", lastSuccess / 1000, { cluster })]),
    ]),
  ];
};

const ofSettings = async (env: Bindings, now: number): Promise<Samples> => [
  gauge("enrichment_mode_status", ENRICHMENT_MODES.indexOf((await loadSettings(env, now)).mode)),
];

const ofHub = (collected: Collected, version: string): Samples => [
  gauge("outbox_rows", collected.outboxRows),
  ...(collected.outboxOldest === null ? [] : [gauge("outbox_oldest_timestamp_seconds", collected.outboxOldest / 1000)]),
  ...(collected.cronAt === null ? [] : [gauge("cron_last_run_timestamp_seconds", collected.cronAt / 1000)]),
  gauge("service_started_time", collected.startedAt / 1000),
  gauge("build_info", 1, { version }),
  [seriesOf("alertmanager_build_info", { version: ALERTMANAGER_VERSION, revision: version, branch: "main" }), 1],
];

/** A part that cannot be read leaves its series out, which alerting rules see; it takes no other part with it. */
export const readGauges = async (
  env: Bindings,
  collected: Collected,
  version: string,
  now: number,
): Promise<Samples> => {
  const orNothing = (part: Promise<Samples>): Promise<Samples> =>
    part.catch((error: unknown) => {
      logError("metrics.gauges", error);
      return [];
    });
  const parts = await Promise.all([ofDatabase(env), ofTargets(env), ofSettings(env, now)].map(orNothing));
  return [...ofHub(collected, version), ...parts.flat()];
};
