/** One incident: what it may begin with, its alerts as bars over time, and how it went. */
import { Dialog } from "./dialog.tsx";
import { placeOf } from "./place.ts";
import { hrefWith } from "./query.ts";
import { absolute, duration, now, shortDate } from "./time.ts";
import type { OneIncident } from "./types.ts";
import { Ago, count, Loaded, Severity, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const alertHref = (fingerprint: string): string => hrefWith("/alerts", { tab: "all", sel: fingerprint });
const WIDTH = 1000;

/** When each alert of it fired, one bar under the other: the first to fire is easy to see. */
const Bars = ({ of }: { readonly of: OneIncident }) => {
  const from = Math.min(...of.members.map(({ starts_at }) => Date.parse(starts_at)));
  const to =
    of.status === "open"
      ? now.value
      : Math.max(...of.members.map(({ ends_at }) => Date.parse(ends_at ?? of.updated_at)));
  const scale = WIDTH / Math.max(1, to - from);
  const sorted = of.members.toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  return (
    <table class="cards incident-bars">
      <caption>
        From {shortDate(from)}, over {duration(to - from)}
      </caption>
      <tbody>
        {sorted.map((member) => {
          const begin = Date.parse(member.starts_at);
          const end = member.ends_at === null ? to : Date.parse(member.ends_at);
          return (
            <tr key={member.fingerprint}>
              <td>
                <Severity of={member.severity} />
              </td>
              <td class="title">
                <a href={alertHref(member.fingerprint)}>{member.alert_name}</a>
                <div class="dim">{placeOf(member.labels)}</div>
              </td>
              <td
                class="bar-cell"
                title={`${absolute(begin)}, ${member.ends_at === null ? "still firing" : duration(end - begin)}`}
              >
                <svg class="strip" viewBox={`0 0 ${WIDTH} 14`} preserveAspectRatio="none" aria-hidden="true">
                  <rect class="quiet" x="0" y="5" width={WIDTH} height="4" />
                  <rect
                    class="firing"
                    x={(begin - from) * scale}
                    y="1"
                    width={Math.max(6, (end - begin) * scale)}
                    height="12"
                  />
                </svg>
              </td>
              <td>
                <State of={member.status} />
              </td>
              <td class="nowrap dim">
                <Ago at={member.starts_at} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
};

export const Incident = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const asked = useApi<OneIncident>(`/api/v1/incidents/${encodeURIComponent(id)}`, { on: ["alert"] });
  return (
    <Dialog title={asked.value?.title ?? "Incident"} class="drawer" onClose={onClose}>
      <Loaded of={asked} what="incident">
        {(incident) => (
          <>
            <div class="drawer-head">
              <Severity of={incident.severity} />
              <State of={incident.status === "open" ? "firing" : "resolved"} label={incident.status} />
              <span class="dim">
                opened <Ago at={incident.opened_at} />
                {incident.ended_at !== null &&
                  `, over after ${duration(Date.parse(incident.ended_at) - Date.parse(incident.opened_at))}`}
                ; {count(incident.firing)} of {count(incident.alerts)} alerts firing
              </span>
            </div>
            {incident.first_cause !== null && (
              <p class="notice">
                It seems to begin with{" "}
                <a href={alertHref(incident.first_cause.fingerprint)}>{incident.first_cause.alert_name}</a>:{" "}
                {incident.first_cause.why === "earliest" ? "it fired first" : "it inhibits others of them"}.
              </p>
            )}
            <h3>Alerts</h3>
            <Bars of={incident} />
            <h3>How it went</h3>
            <table class="cards">
              <caption class="unseen">What fired and resolved, in order</caption>
              <tbody>
                {incident.timeline.map((step) => (
                  <tr key={`${step.at} ${step.fingerprint} ${step.what}`}>
                    <td class="nowrap dim">{absolute(Date.parse(step.at))}</td>
                    <td>
                      <State of={step.what === "fired" ? "firing" : "resolved"} label={step.what} />
                    </td>
                    <td>
                      <a href={alertHref(step.fingerprint)}>{step.alert_name}</a>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
      </Loaded>
    </Dialog>
  );
};
