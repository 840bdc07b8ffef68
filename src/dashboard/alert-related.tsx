/** What else changed around the same time and shares labels with an alert, the most alike first. */
import { hrefWith } from "./query.ts";
import type { AlertHistory, EventList } from "./types.ts";
import { Ago, Empty, Loaded, Severity, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const AROUND_MS = 900_000;
const ROWS = 15;
/** Labels that say nothing about belonging together. */
const IGNORED = ["alertname", "severity"];

export const Related = ({ of }: { readonly of: AlertHistory }) => {
  const around = Date.parse(of.events[0]?.received_at ?? of.last_seen);
  const asked = useApi<EventList>(
    `/history?limit=100&from=${new Date(around - AROUND_MS).toISOString()}&to=${new Date(around + AROUND_MS).toISOString()}`,
  );
  const common = (labels: Readonly<Record<string, string>>): string[] =>
    Object.entries(of.labels).flatMap(([name, value]) =>
      labels[name] === value && !IGNORED.includes(name) ? [`${name}=${value}`] : [],
    );
  return (
    <Loaded of={asked} what="related alerts">
      {({ alerts }) => {
        const newest = new Map(alerts.toReversed().map((event) => [event.fingerprint, event]));
        newest.delete(of.fingerprint);
        const others = [...newest.values()]
          .map((event) => ({ event, shared: common(event.labels) }))
          .filter(({ shared }) => shared.length > 0)
          .toSorted((a, b) => b.shared.length - a.shared.length)
          .slice(0, ROWS);
        if (others.length === 0) return <Empty title="Nothing else with its labels changed within 15 minutes." />;
        return (
          <table class="cards">
            <caption class="unseen">Alerts that share labels and changed within 15 minutes</caption>
            <tbody>
              {others.map(({ event, shared }) => (
                <tr key={event.fingerprint}>
                  <td>
                    <Severity of={event.severity} />
                  </td>
                  <td>
                    <a href={hrefWith("/alerts", { tab: "all", sel: event.fingerprint })}>{event.alertname}</a>
                  </td>
                  <td>
                    <State of={event.status} />
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
