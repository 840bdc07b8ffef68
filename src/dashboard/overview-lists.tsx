/** Lists of the overview: who is told and how that goes, who sends and whether they still do, what came in last. */

import { type DeliveryTimesView, shareOf, timesOf } from "./delivery-times.ts";
import { FirstAlert } from "./first-alert.tsx";
import { placeOf } from "./place.ts";
import { hrefWith } from "./query.ts";
import { Share, TargetState, worstFirst } from "./target-state.tsx";
import { duration, latency } from "./time.ts";
import type { EventList, PublishingTarget, SendersView } from "./types.ts";
import { Ago, Cell, count, Empty, Severity, State } from "./ui.tsx";

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
    <table class="cards">
      <caption class="unseen">Targets and how deliveries to them go</caption>
      <thead>
        <tr>
          <th scope="col">Target</th>
          <th scope="col">Health</th>
          <th scope="col" class="number">
            Delivered, 24 h
          </th>
          <th scope="col" class="number">
            p95
          </th>
        </tr>
      </thead>
      <tbody>
        {worstFirst(of, (name) => timesOf(times, name)).map((target) => (
          <tr key={target.name}>
            <td class="title">
              <a href={hrefWith("/targets", { sel: target.name })}>{target.name}</a>{" "}
              <span class="dim">{target.format}</span>
            </td>
            <td>
              <TargetState of={target} times={timesOf(times, target.name)} />
            </td>
            <Cell of="delivered" class="number">
              <Share of={shareOf(timesOf(times, target.name))} />
            </Cell>
            <Cell of="p95" class="number">
              {latency(timesOf(times, target.name)?.p95_ms)}
            </Cell>
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
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Last heard of
          </th>
        </tr>
      </thead>
      <tbody>
        {of.heartbeats.map((beat) => (
          <tr key={`beat ${beat.name}`}>
            <td class="title">
              {beat.name} <span class="dim">heartbeat, within {duration(beat.within_seconds * 1000)}</span>
            </td>
            <td>
              <State of={beat.state} label={beat.state === "waiting" ? "waiting for it" : beat.state} />
            </td>
            <td class="number">
              <Ago at={beat.last_seen_at} />
            </td>
          </tr>
        ))}
        {of.sources.map((source) => (
          <tr key={`${source.name} ${source.format}`}>
            <td class="title">
              {source.name} {source.name === source.format ? "" : <span class="dim">{source.format}</span>}
            </td>
            <td class="nowrap">
              {count(source.events)}
              {of.events_are_capped ? "+" : ""} {source.events === 1 ? "change" : "changes"} in 24 h
            </td>
            <td class="number">
              <Ago at={source.last_event_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

export const Recent = ({ of }: { readonly of: EventList }) => {
  if (of.alerts.length === 0) return <FirstAlert />;
  return (
    <table class="cards many">
      <caption class="unseen">The newest events</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Severity</th>
          <th scope="col">Alert</th>
          <th scope="col">Where</th>
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
            <td class="title">
              <a href={hrefWith("/alerts", { tab: "all", sel: event.fingerprint })}>{event.alertname || "(no name)"}</a>
            </td>
            <td class="dim">{placeOf(event.labels)}</td>
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
