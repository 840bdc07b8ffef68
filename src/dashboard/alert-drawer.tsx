/** One alert: what it says, what happened, why it went where it went, what a model thought of it. */

import { attempt } from "./announce.ts";
import { call, may } from "./api.ts";
import { DeliveryTable } from "./delivery-table.tsx";
import { Dialog } from "./dialog.tsx";
import { useKeys } from "./keys.ts";
import { hrefWith, useQuery } from "./query.ts";
import { SilenceForm } from "./silence-form.tsx";
import { Timeline } from "./timeline.tsx";
import type { AlertHistory, EventList } from "./types.ts";
import { Ago, At, Copy, count, Empty, Labels, Loaded, Outside, percent, Severity, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const VIEWS = [
  ["details", "Details"],
  ["why", "Timeline and why"],
  ["deliveries", "Deliveries"],
  ["classification", "Classification"],
  ["related", "Related"],
  ["raw", "Raw"],
] as const;

interface AlertDrawerProps {
  readonly fingerprint: string;
  readonly onPick: (name: string, value: string, out: boolean) => void;
  readonly onClose: () => void;
}

const Details = ({ of, onPick }: { readonly of: AlertHistory; readonly onPick: AlertDrawerProps["onPick"] }) => {
  const newest = of.events[0];
  return (
    <>
      <dl class="facts">
        <dt>First seen</dt>
        <dd>
          <At at={of.first_seen} />
        </dd>
        <dt>Last heard of</dt>
        <dd>
          <Ago at={of.last_seen} />, {count(of.receive_count)} times in all
        </dd>
        <dt>Source</dt>
        <dd>{newest?.source ?? newest?.source_format ?? "unknown"}</dd>
        <dt>Fingerprint</dt>
        <dd>
          <code>{of.fingerprint}</code> <Copy text={of.fingerprint} />
        </dd>
      </dl>
      <h3>Labels</h3>
      <Labels of={of.labels} onPick={onPick} />
      <h3>Annotations</h3>
      <dl class="facts">
        {Object.entries(newest?.annotations ?? {}).map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>
              <Outside url={value} />
            </dd>
          </>
        ))}
      </dl>
      {newest !== undefined && newest.generatorURL !== "" && (
        <p>
          <Outside url={newest.generatorURL}>Where it was made</Outside>
        </p>
      )}
    </>
  );
};

const Classified = ({ of }: { readonly of: AlertHistory }) => {
  const found = of.events.find((event) => event.classification !== null)?.classification ?? null;
  const redo = (): void =>
    void attempt(
      () => call("POST", `/classification/refresh/${of.fingerprint}`),
      "Classified anew; the answer is in the timeline",
    );
  return (
    <>
      {found === null ? (
        <Empty title="Nobody has classified it." />
      ) : (
        <dl class="facts">
          <dt>Severity</dt>
          <dd>
            <Severity of={found.severity} />
          </dd>
          <dt>Category</dt>
          <dd>{found.category}</dd>
          <dt>Confidence</dt>
          <dd>{percent(found.confidence, 0)}</dd>
          <dt>By</dt>
          <dd>
            {found.source}, {found.model} {found.cached && "(remembered)"}
          </dd>
          <dt>Reasoning</dt>
          <dd>{found.reasoning}</dd>
          <dt>Advice</dt>
          <dd>
            <ul>
              {found.recommendations.map((advice) => (
                <li key={advice}>{advice}</li>
              ))}
            </ul>
          </dd>
        </dl>
      )}
      {may("operate") && (
        <button type="button" onClick={redo}>
          Classify again
        </button>
      )}
    </>
  );
};

const Related = ({ of }: { readonly of: AlertHistory }) => {
  const around = Date.parse(of.events[0]?.received_at ?? of.last_seen);
  const asked = useApi<EventList>(
    `/history?limit=100&from=${new Date(around - 900_000).toISOString()}&to=${new Date(around + 900_000).toISOString()}`,
    { follow: false },
  );
  const common = (labels: Readonly<Record<string, string>>): string[] =>
    Object.entries(of.labels).flatMap(([name, value]) =>
      Object.hasOwn(labels, name) && labels[name] === value && name !== "alertname" && name !== "severity"
        ? [`${name}=${value}`]
        : [],
    );
  return (
    <Loaded of={asked} what="related alerts">
      {({ alerts }) => {
        const others = alerts
          .filter((event) => event.fingerprint !== of.fingerprint)
          .map((event) => ({ event, shared: common(event.labels) }))
          .filter(({ shared }) => shared.length > 0)
          .toSorted((a, b) => b.shared.length - a.shared.length)
          .slice(0, 15);
        if (others.length === 0) return <Empty title="Nothing else with its labels within 15 minutes." />;
        return (
          <table>
            <tbody>
              {others.map(({ event, shared }) => (
                <tr key={event.event_id}>
                  <td>
                    <Severity of={event.severity} />
                  </td>
                  <td>
                    <a href={hrefWith("/alerts", { tab: "all", sel: event.fingerprint })}>{event.alertname}</a>
                  </td>
                  <td class="dim">{shared.join("  ")}</td>
                  <td class="nowrap">
                    <Ago at={event.received_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        );
      }}
    </Loaded>
  );
};

export const AlertDrawer = ({ fingerprint, onPick, onClose }: AlertDrawerProps) => {
  const { query, change } = useQuery();
  const asked = useApi<AlertHistory>(`/history/${encodeURIComponent(fingerprint)}`);
  const view = VIEWS.find(([id]) => id === query["view"])?.[0] ?? "details";
  const silencing = query["do"] === "silence" && may("operate");
  useKeys({
    Escape: onClose,
    s: () => change({ do: "silence" }),
  });
  return (
    <Dialog title={asked.value?.alert_name || "Alert"} class="drawer" onClose={onClose}>
      <Loaded of={asked} what="alert">
        {(value) => (
          <>
            <div class="drawer-head">
              <Severity of={value.events[0]?.severity ?? "warning"} />
              <State of={value.current_status} />
              <span class="dim">{value.events[0]?.annotations["summary"]}</span>
              {may("operate") && value.current_status === "firing" && (
                <button type="button" onClick={() => change({ do: silencing ? null : "silence" })}>
                  {silencing ? "Do not silence" : "Silence …"}
                </button>
              )}
            </div>
            {silencing && <SilenceForm labels={value.labels} onDone={() => change({ do: null })} />}
            <div class="tabs" role="tablist">
              {VIEWS.map(([id, title]) => (
                <button
                  key={id}
                  type="button"
                  role="tab"
                  aria-selected={id === view}
                  onClick={() => change({ view: id }, true)}
                >
                  {title}
                </button>
              ))}
            </div>
            <div role="tabpanel" aria-label={view}>
              {view === "details" && <Details of={value} onPick={onPick} />}
              {view === "why" && <Timeline events={value.events} deliveries={value.deliveries} />}
              {view === "deliveries" && <DeliveryTable deliveries={value.deliveries} />}
              {view === "classification" && <Classified of={value} />}
              {view === "related" && <Related of={value} />}
              {view === "raw" && <pre>{JSON.stringify(value.events[0], null, 2)}</pre>}
            </div>
          </>
        )}
      </Loaded>
    </Dialog>
  );
};
