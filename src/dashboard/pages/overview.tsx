/** One look: is anything on fire, is the pipeline healthy, is anything stuck? */
import type { ComponentChildren } from "preact";
import { withQuery } from "../api.ts";
import { Volume } from "../chart.tsx";
import { FirstAlert } from "../first-alert.tsx";
import { Heatmap } from "../heatmap.tsx";
import { carried, hrefWith, useQuery } from "../query.ts";
import { now, rangeQuery, readRange } from "../time.ts";
import type { ChartsView, EventList, OverviewView, RankedAlert, TargetView } from "../types.ts";
import { Ago, count, Empty, Loaded, Panel, percent, Severity, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

interface TileProps {
  readonly label: string;
  readonly href: string;
  readonly tone?: "good" | "bad" | "warn" | undefined;
  readonly note?: string;
  readonly children: ComponentChildren;
}

const Tile = ({ label, href, tone, note, children }: TileProps) => (
  <a class={`tile ${tone ?? ""}`} href={href}>
    <span class="name">{label}</span>
    <span class="value">{children}</span>
    <span class="note">{note ?? " "}</span>
  </a>
);

const Tiles = ({ of }: { readonly of: OverviewView }) => {
  const { query } = useQuery();
  const to = (path: string): string => hrefWith(path, carried(query));
  const sent = of.successful_publishes + of.failed_publishes;
  const delivered = sent === 0 ? null : of.successful_publishes / sent;
  const suppressed = of.silenced_alerts + of.inhibited_alerts;
  return (
    <div class="tiles">
      <Tile
        label="Firing"
        href={to("/alerts")}
        tone={of.active_alerts > 0 ? "bad" : "good"}
        note={`${count(suppressed)} suppressed`}
      >
        {count(of.active_alerts)}
      </Tile>
      <Tile label="Begun in 24 h" href={hrefWith("/alerts", { tab: "all", range: "24h" })} note="episodes">
        {count(of.alerts_last_24h)}
      </Tile>
      <Tile
        label="Delivered"
        href={to("/deliveries")}
        tone={delivered === null ? undefined : delivered > 0.99 ? "good" : delivered > 0.9 ? "warn" : "bad"}
        note={`${count(of.failed_publishes)} failed`}
      >
        {percent(delivered)}
      </Tile>
      <Tile
        label="Dead letters"
        href={to("/dead-letters")}
        tone={of.dlq_size > 0 ? "bad" : "good"}
        note={of.dlq_size > 0 ? "waiting for you" : "nothing is stuck"}
      >
        {count(of.dlq_size)}
      </Tile>
      <Tile
        label="Classification"
        href={to("/classification")}
        tone={of.llm_service_available ? "good" : undefined}
        note={of.llm_service_available ? "model answers" : "rules answer"}
      >
        {of.classification_enabled ? count(of.classified_alerts) : "off"}
      </Tile>
      <Tile label="Mode" href={to("/settings")} note={of.publishing_mode.replaceAll("_", " ")}>
        <span class="word">{of.enrichment_mode.replaceAll("_", " ")}</span>
      </Tile>
    </div>
  );
};

/** The most frequent with their share as a bar. */
const Ranking = ({ of, value, unit }: RankingProps) => {
  if (of.length === 0) return <Empty title="None in this range." />;
  const most = Math.max(1, ...of.map(value));
  return (
    <table class="ranking">
      <tbody>
        {of.slice(0, 7).map((alert) => (
          <tr key={alert.fingerprint}>
            <td>
              <a href={hrefWith("/alerts", { tab: "all", sel: alert.fingerprint })}>{alert.alert_name}</a>{" "}
              <span class="dim">{alert.namespace}</span>
            </td>
            <td class="bar">
              <meter min={0} max={most} value={value(alert)} aria-label={`${value(alert)} ${unit}`} />
            </td>
            <td class="number">
              {count(value(alert))} {unit}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

interface RankingProps {
  readonly of: readonly RankedAlert[];
  readonly value: (alert: RankedAlert) => number;
  readonly unit: string;
}

const Recent = ({ of }: { readonly of: EventList }) => {
  if (of.alerts.length === 0) return <FirstAlert />;
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>When</th>
            <th>Severity</th>
            <th>Alert</th>
            <th>What happened</th>
            <th>Summary</th>
          </tr>
        </thead>
        <tbody>
          {of.alerts.map((event) => (
            <tr key={event.event_id}>
              <td class="nowrap">
                <Ago at={event.received_at} />
              </td>
              <td>
                <Severity of={event.severity} />
              </td>
              <td>
                <a href={hrefWith("/alerts", { tab: "all", sel: event.fingerprint })}>
                  {event.alertname || "(no name)"}
                </a>
              </td>
              <td>
                <State of={event.status} label={event.kind} />
              </td>
              <td class="clip">{event.annotations["summary"] ?? event.annotations["description"] ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

const Targets = ({ of }: { readonly of: readonly TargetView[] }) =>
  of.length === 0 ? (
    <Empty title="No target yet.">
      <p>Without one, alerts are kept and shown, but nobody is told.</p>
    </Empty>
  ) : (
    <table>
      <tbody>
        {of.map((target) => (
          <tr key={target.name}>
            <td>
              <a href={hrefWith("/targets", { sel: target.name })}>{target.name}</a>
            </td>
            <td class="dim">{target.type}</td>
            <td>
              <State of={target.enabled ? (target.health?.status ?? "enabled") : "disabled"} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );

const HOUR_MS = 3_600_000;

export const Overview = () => {
  const { query, change } = useQuery();
  const range = readRange(query, now.value);
  const hours = Math.min(168, Math.max(1, Math.ceil((now.value - range.from) / HOUR_MS)));
  const overview = useApi<OverviewView>("/api/dashboard/overview");
  const charts = useApi<ChartsView>(withQuery("/api/dashboard/charts", { hours }));
  const week = useApi<ChartsView>("/api/dashboard/charts?hours=168", { follow: false });
  const recent = useApi<EventList>("/history/recent?limit=12");
  const targets = useApi<{ targets: TargetView[] }>("/api/v1/targets");
  const top = useApi<{ alerts: RankedAlert[] }>(withQuery("/history/top", rangeQuery(query)));
  const flapping = useApi<{ alerts: RankedAlert[] }>(withQuery("/history/flapping", rangeQuery(query)));
  const zoom = (from: number, to: number): void =>
    change({ range: null, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  return (
    <>
      <Loaded of={overview} what="overview">
        {(value) => <Tiles of={value} />}
      </Loaded>
      <Panel title="Alerts by severity">
        <Loaded of={charts} what="chart">
          {({ alert_timeline }) => (
            <Volume hours={alert_timeline.filter((hour) => Date.parse(hour.timestamp) < range.to)} onBrush={zoom} />
          )}
        </Loaded>
      </Panel>
      <div class="columns">
        <Panel title="When it is noisy, 7 days">
          <Loaded of={week} what="heatmap">
            {({ alert_timeline }) => <Heatmap hours={alert_timeline} />}
          </Loaded>
        </Panel>
        <Panel title="Targets">
          <Loaded of={targets} what="targets">
            {(value) => <Targets of={value.targets} />}
          </Loaded>
        </Panel>
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
      </div>
      <Panel title="Recent">
        <Loaded of={recent} what="events">
          {(value) => <Recent of={value} />}
        </Loaded>
      </Panel>
    </>
  );
};
