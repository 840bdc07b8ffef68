/** What classifies: how it does, how sure it is, and where it disagrees with the label. */
import { withQuery } from "../api.ts";
import { hrefWith, useQuery } from "../query.ts";
import { rangeQuery } from "../time.ts";
import type { EventList, EventView } from "../types.ts";
import { count, Empty, Loaded, Panel, percent, Severity, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

interface HealthView {
  readonly status: string;
  readonly components: Readonly<Record<string, { readonly status?: string; readonly state?: string }>>;
}

/** Classified events looked at for the tables below. */
const EVENTS = 500;
const BINS = 10;
const SEVERITIES = ["critical", "warning", "info", "noise"];

const Numbers = ({ of }: { readonly of: Readonly<Record<string, unknown>> }) => (
  <dl class="facts">
    {Object.entries(of)
      .filter((pair): pair is [string, number | string | boolean] =>
        ["number", "string", "boolean"].includes(typeof pair[1]),
      )
      .map(([name, value]) => (
        <div key={name} class="fact">
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>{typeof value === "number" ? count(Math.round(value * 1000) / 1000) : String(value)}</dd>
        </div>
      ))}
  </dl>
);

const Confidence = ({ of }: { readonly of: readonly EventView[] }) => {
  const bins = new Array<number>(BINS).fill(0);
  for (const event of of) {
    const bin = Math.min(BINS - 1, Math.floor((event.classification?.confidence ?? 0) * BINS));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const most = Math.max(1, ...bins);
  return (
    <table class="ranking">
      <caption class="unseen">Events by confidence</caption>
      <tbody>
        {bins.map((value, bin) => (
          <tr key={bin}>
            <th scope="row" class="nowrap">
              {bin * 10}–{bin * 10 + 10} %
            </th>
            <td>
              <meter min={0} max={most} value={value} aria-label={`${value} events`} />
            </td>
            <td class="number">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

/** Label down, classification across. */
const Agreement = ({ of }: { readonly of: readonly EventView[] }) => {
  const cell = (label: string, found: string): number =>
    of.filter((event) => (event.severity_label ?? "none") === label && event.classification?.severity === found).length;
  const labels = [...new Set(of.map((event) => event.severity_label ?? "none"))].toSorted();
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Label says</th>
            {SEVERITIES.map((severity) => (
              <th key={severity} class="number">
                <Severity of={severity} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {SEVERITIES.map((severity) => (
                <td key={severity} class="number">
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

const Disagreements = ({ of }: { readonly of: readonly EventView[] }) => {
  const found = of.filter(
    ({ classification, severity_label: label }) => label !== null && classification?.severity !== label,
  );
  if (found.length === 0) return <Empty title="It agrees with every label in this range." />;
  return (
    <table class="cards">
      <tbody>
        {found.slice(0, 15).map((event) => (
          <tr key={event.event_id}>
            <td>
              <a href={hrefWith("/alerts", { tab: "all", sel: event.fingerprint, view: "classification" })}>
                {event.alertname}
              </a>
            </td>
            <td class="dim">label: {event.severity_label}</td>
            <td>
              <Severity of={event.classification?.severity ?? "info"} />
            </td>
            <td class="number">{percent(event.classification?.confidence, 0)}</td>
            <td class="dim">{event.classification?.reasoning}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const Classification = () => {
  const { query } = useQuery();
  const stats = useApi<Record<string, unknown>>("/classification/stats");
  const health = useApi<HealthView>("/classification/health");
  const events = useApi<EventList>(withQuery("/history", { limit: EVENTS, ...rangeQuery(query) }), { follow: false });
  return (
    <>
      <div class="columns">
        <Panel title="Health">
          <Loaded of={health} what="health">
            {(value) => (
              <>
                <p>
                  <State of={value.status} />
                </p>
                {Object.entries(value.components).map(([name, { status, state }]) => (
                  <p key={name}>
                    {name.replaceAll("_", " ")}: <State of={status ?? state ?? "unknown"} />
                  </p>
                ))}
              </>
            )}
          </Loaded>
        </Panel>
        <Panel title="Calls">
          <Loaded of={stats} what="statistics">
            {(value) => <Numbers of={value} />}
          </Loaded>
        </Panel>
      </div>
      <Loaded of={events} what="events">
        {({ alerts }) => {
          const classified = alerts.filter((event) => event.classification !== null);
          if (classified.length === 0) {
            return <Empty title="Nothing was classified in this range." />;
          }
          return (
            <>
              <div class="columns">
                <Panel title="How sure it was">
                  <Confidence of={classified} />
                </Panel>
                <Panel title="Label and classification">
                  <Agreement of={classified} />
                </Panel>
              </div>
              <Panel title="Where it disagrees with the label">
                <Disagreements of={classified} />
              </Panel>
            </>
          );
        }}
      </Loaded>
    </>
  );
};

export default Classification;
