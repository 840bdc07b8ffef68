/** Alerts that belong together: what began it, who is in it, and how it went. */
import { Dialog } from "../dialog.tsx";
import { hrefWith, useQuery } from "../query.ts";
import { absolute } from "../time.ts";
import type { IncidentView, OneIncident } from "../types.ts";
import { Ago, Empty, Loaded, Panel, Severity, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const alertHref = (fingerprint: string): string => hrefWith("/alerts", { tab: "all", sel: fingerprint });

const Incident = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const asked = useApi<OneIncident>(`/api/v1/incidents/${encodeURIComponent(id)}`);
  return (
    <Dialog title={asked.value?.title ?? "Incident"} class="drawer" onClose={onClose}>
      <Loaded of={asked} what="incident">
        {(incident) => (
          <>
            {incident.first_cause !== null && (
              <p class="notice">
                It seems to begin with{" "}
                <a href={alertHref(incident.first_cause.fingerprint)}>{incident.first_cause.alert_name}</a>:{" "}
                {incident.first_cause.why === "earliest" ? "it fired first" : "it inhibits others of them"}.
              </p>
            )}
            <h3>Alerts</h3>
            <table>
              <tbody>
                {incident.members.map((member) => (
                  <tr key={member.fingerprint}>
                    <td>
                      <Severity of={member.severity} />
                    </td>
                    <td>
                      <a href={alertHref(member.fingerprint)}>{member.alert_name}</a>
                    </td>
                    <td>
                      <State of={member.status} />
                    </td>
                    <td class="nowrap">
                      <Ago at={member.starts_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            <h3>How it went</h3>
            <table>
              <tbody>
                {incident.timeline.map((step) => (
                  <tr key={`${step.at} ${step.fingerprint} ${step.what}`}>
                    <td class="nowrap dim">{absolute(Date.parse(step.at))}</td>
                    <td>{step.alert_name}</td>
                    <td>
                      <State of={step.what === "fired" ? "firing" : "resolved"} label={step.what} />
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

const Incidents = () => {
  const { path, query, change } = useQuery();
  const asked = useApi<{ incidents: IncidentView[] }>("/api/v1/incidents?limit=50");
  const selected = query["sel"] ?? null;
  return (
    <Panel title="Incidents">
      <Loaded of={asked} what="incidents">
        {({ incidents }) =>
          incidents.length === 0 ? (
            <Empty title="No incident.">
              <p>Alerts that share labels and come in close together are shown here as one.</p>
            </Empty>
          ) : (
            <table class="cards">
              <thead>
                <tr>
                  <th>Severity</th>
                  <th>Incident</th>
                  <th>State</th>
                  <th class="number">Alerts</th>
                  <th>Begins with</th>
                  <th>Opened</th>
                </tr>
              </thead>
              <tbody>
                {incidents.map((incident) => (
                  <tr key={incident.id}>
                    <td>
                      <Severity of={incident.severity} />
                    </td>
                    <td>
                      <a href={hrefWith(path, query, { sel: incident.id })}>{incident.title}</a>
                    </td>
                    <td>
                      <State of={incident.status} />
                    </td>
                    <td class="number">
                      {incident.firing} of {incident.alerts} firing
                    </td>
                    <td>{incident.first_cause?.alert_name ?? "–"}</td>
                    <td class="nowrap">
                      <Ago at={incident.opened_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      {selected !== null && <Incident key={selected} id={selected} onClose={() => change({ sel: null })} />}
    </Panel>
  );
};

export default Incidents;
