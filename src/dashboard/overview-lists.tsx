/** Lists of the overview: who is told and how that goes, who sends and whether they still do, what came in last. */

import { type DeliveryTimesView, shareOf, timesOf } from "./delivery-times.ts";
import { FirstAlert } from "./first-alert.tsx";
import { hrefWith } from "./query.ts";
import { duration, latency } from "./time.ts";
import type { EventList, PublishingTarget, SendersView } from "./types.ts";
import { Ago, count, Empty, percent, Severity, State } from "./ui.tsx";

interface TargetHealthProps {
  readonly of: readonly PublishingTarget[];
  /** What the last day's ledger says of each, once it is known. */
  readonly times: DeliveryTimesView | null;
}

export const TargetHealth = ({ of, times }: TargetHealthProps) =>
  of.length === 0 ? (
    <Empty title="No target yet.">
      <p>
        Without one, alerts are kept and shown, but nobody is told. <a href="/targets">Define the first target</a>.
      </p>
    </Empty>
  ) : (
    <table>
      <caption class="unseen">Targets and how deliveries to them go</caption>
      <thead>
        <tr>
          <th scope="col">Target</th>
          <th scope="col">Health</th>
          <th scope="col" class="number">
            Delivered
          </th>
          <th scope="col" class="number">
            p95
          </th>
        </tr>
      </thead>
      <tbody>
        {of.map((target) => (
          <tr key={target.name}>
            <td>
              <a href={hrefWith("/targets", { sel: target.name })}>{target.name}</a>{" "}
              <span class="dim">{target.format}</span>
            </td>
            <td>
              <State of={target.enabled ? target.health_status : "disabled"} />
              {target.circuit_breaker_state !== "closed" && (
                <>
                  {" "}
                  <State of={target.circuit_breaker_state} label="breaker" />
                </>
              )}
            </td>
            <td class="number">{percent(shareOf(timesOf(times, target.name)))}</td>
            <td class="number">{latency(timesOf(times, target.name)?.p95_ms)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );

export const Beats = ({ of }: { readonly of: SendersView }) => {
  if (of.sources.length === 0 && of.heartbeats.length === 0) {
    return (
      <Empty title="Nobody has sent anything in the last day.">
        <p>
          Lines for Alertmanager, Prometheus and Grafana are in <a href="/settings">Settings</a>.
        </p>
      </Empty>
    );
  }
  return (
    <table class="cards">
      <caption class="unseen">Heartbeats and senders</caption>
      <tbody>
        {of.heartbeats.map((beat) => (
          <tr key={`beat ${beat.name}`}>
            <th scope="row">{beat.name}</th>
            <td>
              <State of={beat.state} label={beat.state === "waiting" ? "waiting for it" : beat.state} />
            </td>
            <td class="nowrap">{beat.last_seen_at !== null && <Ago at={beat.last_seen_at} />}</td>
            <td class="dim nowrap">heartbeat, within {duration(beat.within_seconds * 1000)}</td>
          </tr>
        ))}
        {of.sources.map((source) => (
          <tr key={`${source.name} ${source.format}`}>
            <th scope="row">
              {source.name} {source.name === source.format ? "" : <span class="dim">{source.format}</span>}
            </th>
            <td class="nowrap">
              {count(source.events)}
              {of.events_are_capped ? "+" : ""} changes
            </td>
            <td class="nowrap">
              <Ago at={source.last_event_at} />
            </td>
            <td class="dim">last 24 h</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

export const Recent = ({ of }: { readonly of: EventList }) => {
  if (of.alerts.length === 0) return <FirstAlert />;
  return (
    <table class="cards">
      <caption class="unseen">The newest events</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Severity</th>
          <th scope="col">Alert</th>
          <th scope="col">What happened</th>
          <th scope="col">Summary</th>
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
              <a href={hrefWith("/alerts", { tab: "all", sel: event.fingerprint })}>{event.alertname || "(no name)"}</a>
            </td>
            <td>
              <State of={event.status} label={event.kind === "new" ? "firing" : event.kind} />
            </td>
            <td class="clip">{event.annotations["summary"] ?? event.annotations["description"] ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
