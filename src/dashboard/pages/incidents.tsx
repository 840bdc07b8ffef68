/** Alerts that belong together: what began it, who is in it, and how it went. */
import { useSignal } from "@preact/signals";
import { withQuery } from "../api.ts";
import { Incident } from "../incident-drawer.tsx";
import { useKeys } from "../keys.ts";
import { hrefWith, useQuery } from "../query.ts";
import { useCursorInSight } from "../row-cursor.ts";
import { duration, now } from "../time.ts";
import type { IncidentView } from "../types.ts";
import { Ago, Cell, count, Empty, Loaded, Panel, Severity, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

/** Until its last alert resolved; of one that is open: so far. */
const lengthOf = ({ opened_at, ended_at, status }: IncidentView): string =>
  ended_at === null && status !== "open"
    ? "–"
    : duration((ended_at === null ? now.value : Date.parse(ended_at)) - Date.parse(opened_at));

interface TableProps {
  readonly of: readonly IncidentView[];
  readonly cursor: number;
}

const Table = ({ of, cursor }: TableProps) => {
  const { path, query } = useQuery();
  useCursorInSight(cursor);
  return (
    <table class="cards">
      <caption class="unseen">Incidents, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Severity</th>
          <th scope="col">Incident</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Firing
          </th>
          <th scope="col">Begins with</th>
          <th scope="col">Opened</th>
          <th scope="col" class="number">
            Lasted
          </th>
        </tr>
      </thead>
      <tbody>
        {of.map((incident, index) => (
          <tr key={incident.id} class={index === cursor ? "cursor" : ""}>
            <td>
              <Severity of={incident.severity} />
            </td>
            <td class="title">
              <a href={hrefWith(path, query, { sel: incident.id })}>{incident.title}</a>
            </td>
            <td>
              <State of={incident.status === "open" ? "firing" : "resolved"} label={incident.status} />
            </td>
            <Cell of="firing" class="number">
              {count(incident.firing)} of {count(incident.alerts)}
            </Cell>
            <Cell of="begins with">{incident.first_cause?.alert_name ?? "–"}</Cell>
            <Cell of="opened" class="nowrap">
              <Ago at={incident.opened_at} />
            </Cell>
            <Cell of="lasted" class="number">
              {incident.status === "open" && <span class="dim">so far </span>}
              {lengthOf(incident)}
            </Cell>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const Incidents = () => {
  const { path, query, change } = useQuery();
  const selected = query["sel"] ?? null;
  const cursor = useSignal(-1);
  const asked = useApi<{ incidents: IncidentView[]; cursor: string | null }>(
    withQuery("/api/v1/incidents", { limit: 50, cursor: query["page"] }),
    { on: ["alert"], hold: selected !== null || cursor.value >= 0 },
  );
  const all = asked.value?.incidents ?? [];
  const shown = query["state"] === undefined ? all : all.filter(({ status }) => status === query["state"]);
  useKeys({
    j: () => {
      cursor.value = Math.min(shown.length - 1, cursor.value + 1);
    },
    k: () => {
      cursor.value = Math.max(0, cursor.value - 1);
    },
    Enter: () => {
      const incident = shown[cursor.value];
      if (incident !== undefined) change({ sel: incident.id });
    },
    Escape: () => {
      cursor.value = -1;
    },
  });
  return (
    <Panel
      title="Incidents"
      tools={
        <div class="quick">
          {asked.waiting > 0 && (
            <button type="button" class="pill" onClick={asked.refresh}>
              {asked.waiting} new: show
            </button>
          )}
          <select
            aria-label="State"
            value={query["state"] ?? ""}
            onChange={(event) => change({ state: event.currentTarget.value })}
          >
            <option value="">open and resolved</option>
            <option value="open">open</option>
            <option value="resolved">resolved</option>
          </select>
        </div>
      }
    >
      <Loaded of={asked} what="incidents">
        {({ cursor: next }) => (
          <>
            {shown.length > 0 ? (
              <Table of={shown} cursor={cursor.value} />
            ) : (
              <Empty title={all.length > 0 ? "None of these is like this." : "No incident."}>
                <p>
                  Alerts that share labels and begin close together are shown here as one. Which labels, and how close,
                  the document says under <code>correlation</code>: see <a href="/routing">Routing</a>.
                </p>
              </Empty>
            )}
            <div class="actions">
              {query["page"] !== undefined && (
                <a class="button" href={hrefWith(path, query, { page: null })}>
                  Newest
                </a>
              )}
              {next !== null && (
                <a class="button" href={hrefWith(path, query, { page: next })}>
                  Older
                </a>
              )}
            </div>
          </>
        )}
      </Loaded>
      {selected !== null && <Incident key={selected} id={selected} onClose={() => change({ sel: null })} />}
    </Panel>
  );
};

export default Incidents;
