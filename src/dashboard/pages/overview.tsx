/** One look: is anything on fire, is the pipeline healthy, is anything stuck? */
import { withQuery } from "../api.ts";
import { Volume } from "../chart.tsx";
import type { DeliveryTimesView } from "../delivery-times.ts";
import { Heatmap } from "../heatmap.tsx";
import { isOfDead } from "../job-table.tsx";
import { Beats, Recent, TargetHealth } from "../overview-lists.tsx";
import { LongestFiring, Ranking } from "../overview-rankings.tsx";
import { carried, hrefWith, useQuery } from "../query.ts";
import { shareTone } from "../target-state.tsx";
import { rangeName, rangeQuery, zoneName } from "../time.ts";
import type {
  ChartsView,
  ClassificationHealth,
  DeadCounts,
  EventList,
  LongestView,
  OverviewView,
  PublishingTarget,
  RankedAlert,
  SendersView,
  VolumeView,
} from "../types.ts";
import { count, Loaded, Panel, percent, Tile } from "../ui.tsx";
import { useApi } from "../use-api.ts";

/** What the model does, in the words of `/classification/health`. */
const MODEL_WORDS: Readonly<Record<string, string>> = {
  healthy: "model answers",
  untried: "model not asked yet",
  failing: "model fails, rules answer",
  breaker_open: "model is left alone, rules answer",
  not_configured: "no model: rules answer",
  disabled: "switched off",
};

const Tiles = ({ of }: { readonly of: OverviewView }) => {
  const { query } = useQuery();
  const health = useApi<ClassificationHealth>(of.classification_enabled ? "/classification/health" : null, {
    on: ["alert", "config"],
    everyMs: 10_000,
  });
  const dead = useApi<DeadCounts>(of.dlq_size > 0 ? "/api/v1/dead-letters/counts" : null, {
    on: ["delivery"],
    about: isOfDead,
  });
  const to = (path: string): string => hrefWith(path, carried(query));
  const sent = of.successful_publishes + of.failed_publishes;
  const delivered = sent === 0 ? null : of.successful_publishes / sent;
  const { critical = 0, warning = 0 } = of.active_by_severity;
  const suppressed = of.silenced_alerts + of.inhibited_alerts;
  const model = of.classification_enabled ? (health.value?.components["llm_client"]?.status ?? "untried") : "disabled";
  const worst = dead.value?.counts[0];
  return (
    <div class="tiles">
      <Tile
        label="Firing now"
        href={to("/alerts")}
        tone={critical > 0 ? "bad" : warning > 0 ? "warn" : "good"}
        note={
          <>
            {critical > 0 ? <strong>{count(critical)} critical</strong> : "none critical"}
            {suppressed > 0 ? `, ${count(suppressed)} suppressed` : ""}
          </>
        }
      >
        {count(of.active_alerts)}
      </Tile>
      <Tile label="Received in 24 h" href={hrefWith("/alerts", { tab: "all", range: "24h" })} note="alerts that began">
        {count(of.alerts_last_24h)}
      </Tile>
      <Tile
        label="Delivered in 24 h"
        href={to("/deliveries")}
        tone={shareTone(delivered)}
        note={`${count(of.successful_publishes)} sent, ${count(of.failed_publishes)} failed`}
      >
        {percent(delivered)}
      </Tile>
      <Tile
        label="Dead letters"
        href={to("/dead-letters")}
        tone={of.dlq_size > 0 ? "bad" : "good"}
        note={
          worst === undefined ? (of.dlq_size > 0 ? "waiting for you" : "nothing is stuck") : `most for ${worst.target}`
        }
      >
        {count(of.dlq_size)}
      </Tile>
      <Tile
        label="Classification"
        href={to("/classification")}
        tone={model === "healthy" ? "good" : model === "failing" || model === "breaker_open" ? "warn" : undefined}
        note={MODEL_WORDS[model] ?? model}
      >
        {of.classification_enabled ? count(of.classified_alerts) : "off"}
      </Tile>
      <Tile
        label="Mode"
        href={to("/settings")}
        tone={of.publishing_mode === "metrics_only" ? "bad" : undefined}
        note={of.publishing_mode === "metrics_only" ? "nobody is told: no enabled target" : "targets are told"}
      >
        <span class="word">{of.enrichment_mode.replaceAll("_", " ")}</span>
      </Tile>
    </div>
  );
};

export const Overview = () => {
  const { query, change } = useQuery();
  const range = rangeQuery(query);
  const overview = useApi<OverviewView>("/api/dashboard/overview", {
    on: ["alert", "delivery", "silence", "mode", "config", "target"],
  });
  const volume = useApi<VolumeView>(withQuery("/api/v1/volume", range), { on: ["alert"], everyMs: 5_000 });
  const week = useApi<ChartsView>("/api/dashboard/charts?hours=168", { on: ["alert"], everyMs: 60_000 });
  const recent = useApi<EventList>("/history/recent?limit=12", { on: ["alert"] });
  const targets = useApi<PublishingTarget[]>("/publishing/targets?limit=1000", { on: ["target", "cluster", "config"] });
  const times = useApi<DeliveryTimesView>("/api/v1/delivery-times?hours=24", { on: ["delivery"], everyMs: 10_000 });
  const senders = useApi<SendersView>("/api/v1/senders", { on: ["alert", "config"], everyMs: 10_000, pollMs: 30_000 });
  const longest = useApi<LongestView>("/api/v1/longest?limit=7", { on: ["alert"], everyMs: 10_000 });
  const top = useApi<{ alerts: RankedAlert[] }>(withQuery("/history/top", range), { on: ["alert"], everyMs: 10_000 });
  const flapping = useApi<{ alerts: RankedAlert[] }>(withQuery("/history/flapping", range), {
    on: ["alert"],
    everyMs: 10_000,
  });
  const zoom = (from: number, to: number): void =>
    change({ range: null, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  const named = rangeName(query);
  return (
    <>
      <Loaded of={overview} what="overview">
        {(value) => (
          <>
            {!value.system_healthy && (
              <p class="notice bad">
                A part of the service does not answer: what is shown may be incomplete. <a href="/readyz">Readiness</a>
              </p>
            )}
            <Tiles of={value} />
          </>
        )}
      </Loaded>
      <Panel
        title={`Alerts by severity, ${named}`}
        tools={
          query["from"] !== undefined && (
            <button type="button" class="small" onClick={() => change({ from: null, to: null, range: null })}>
              Zoom out
            </button>
          )
        }
      >
        <Loaded of={volume} what="chart">
          {(value) => <Volume of={value} onBrush={zoom} />}
        </Loaded>
      </Panel>
      <div class="columns">
        <Panel title="Targets">
          <Loaded of={targets} what="targets">
            {(value) => <TargetHealth of={value} times={times.value} />}
          </Loaded>
        </Panel>
        <Panel title="Senders and heartbeats">
          <Loaded of={senders} what="senders">
            {(value) => <Beats of={value} />}
          </Loaded>
        </Panel>
      </div>
      <div class="columns three">
        <Panel title="Most often">
          <Loaded of={top} what="ranking">
            {({ alerts }) => <Ranking of={alerts} value={(a) => a.fire_count ?? 0} unit="×" />}
          </Loaded>
        </Panel>
        <Panel title="Flapping">
          <Loaded of={flapping} what="ranking">
            {({ alerts }) => <Ranking of={alerts} value={(a) => a.transition_count ?? 0} unit="changes" />}
          </Loaded>
        </Panel>
        <Panel title="Firing longest">
          <Loaded of={longest} what="ranking">
            {({ alerts }) => <LongestFiring of={alerts} />}
          </Loaded>
        </Panel>
      </div>
      <Panel title="Recent">
        <Loaded of={recent} what="events">
          {(value) => <Recent of={value} />}
        </Loaded>
      </Panel>
      <Panel title={`When it is noisy, last 7 days by the hour (${zoneName()})`}>
        <Loaded of={week} what="heatmap">
          {({ alert_timeline }) => <Heatmap hours={alert_timeline} />}
        </Loaded>
      </Panel>
    </>
  );
};
