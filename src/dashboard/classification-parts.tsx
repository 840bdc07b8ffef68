/** Parts of the classification page: confidence, agreement with labels, and the alerts it disagrees about. */
import { hrefWith } from "./query.ts";
import type { EventView, ReportView } from "./types.ts";
import { Ago, Cell, count, Empty, percent, Severity } from "./ui.tsx";

const SEVERITIES = ["critical", "warning", "info", "noise"];
const ROWS = 25;

export const Confidence = ({ of }: { readonly of: readonly number[] }) => {
  const most = Math.max(1, ...of);
  if (of.every((n) => n === 0)) return <Empty title="Nothing was classified in this range." />;
  return (
    <table class="ranking">
      <caption class="unseen">Events by confidence</caption>
      <tbody>
        {of.map((value, bin) => (
          <tr key={bin}>
            <th scope="row" class="nowrap">
              {bin * 10}–{bin * 10 + 10} %
            </th>
            <td class="bar wide">
              <meter min={0} max={most} value={value} aria-label={`${value} events`} />
            </td>
            <td class="number">{count(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

/** Label down, classification across; where both say the same is marked. */
export const Agreement = ({ of }: { readonly of: ReportView["agreement"] }) => {
  if (of.length === 0) return <Empty title="Nothing was classified in this range." />;
  const labels = [...new Set(of.map(({ label }) => label))].toSorted(
    (a, b) => SEVERITIES.indexOf(a ?? "") - SEVERITIES.indexOf(b ?? ""),
  );
  const cell = (label: string | null, severity: string): number =>
    of.find((one) => one.label === label && one.severity === severity)?.events ?? 0;
  return (
    <div class="scroll">
      <table>
        <caption class="unseen">Events by label and classification</caption>
        <thead>
          <tr>
            <th scope="col">Label says</th>
            {SEVERITIES.map((severity) => (
              <th key={severity} scope="col" class="number">
                <Severity of={severity} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label) => (
            <tr key={label}>
              <th scope="row">{label ?? "nothing"}</th>
              {SEVERITIES.map((severity) => (
                <td key={severity} class={`number ${label === severity ? "agrees" : ""}`}>
                  {cell(label, severity) || <span class="dim">0</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

export const Disagreements = ({ of }: { readonly of: readonly EventView[] }) => {
  const found = of.filter(
    ({ classification, severity_label: label }) =>
      classification !== null && label !== null && classification.severity !== label.toLowerCase(),
  );
  const newest = [...new Map(found.toReversed().map((event) => [event.fingerprint, event])).values()].toSorted(
    (a, b) => Date.parse(b.received_at) - Date.parse(a.received_at),
  );
  if (newest.length === 0) {
    const none = of.every(({ classification }) => classification === null);
    return (
      <Empty title={none ? "Nothing was classified in this range." : "It agrees with every label in this range."} />
    );
  }
  return (
    <table class="cards">
      <caption class="unseen">Alerts whose label and classification differ, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Alert</th>
          <th scope="col">Label</th>
          <th scope="col">Found</th>
          <th scope="col" class="number">
            Sure
          </th>
          <th scope="col">By</th>
          <th scope="col">Because</th>
        </tr>
      </thead>
      <tbody>
        {newest.slice(0, ROWS).map((event) => (
          <tr key={event.event_id}>
            <td class="nowrap">
              <Ago at={event.received_at} />
            </td>
            <td class="title">
              <a href={hrefWith("/alerts", { tab: "all", sel: event.fingerprint, view: "classification" })}>
                {event.alertname}
              </a>
            </td>
            <Cell of="label">{event.severity_label}</Cell>
            <Cell of="found">
              <Severity of={event.classification?.severity ?? "info"} />
            </Cell>
            <Cell of="sure" class="number">
              {percent(event.classification?.confidence, 0)}
            </Cell>
            <Cell of="by" class="dim">
              {event.classification?.model}
            </Cell>
            <td class="dim">{event.classification?.reasoning}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
