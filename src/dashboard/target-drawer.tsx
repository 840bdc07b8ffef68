/** One target: how it does, what it wants, and what went to it last. */
import { targetOf } from "./delivery-id.ts";
import { type DeliveryTimesView, shareOf, timesOf } from "./delivery-times.ts";
import { Dialog } from "./dialog.tsx";
import { hrefWith } from "./query.ts";
import { reasonText } from "./reasons.ts";
import { Share, TargetState } from "./target-state.tsx";
import { TestButton } from "./target-test.tsx";
import { latency } from "./time.ts";
import type { JobList, PublishingTarget, TargetHealthView } from "./types.ts";
import { Ago, At, count, Empty, Loaded, percent, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const wishesOf = ({ filter_config: wishes }: PublishingTarget): string =>
  [
    wishes.severity.length > 0 ? `severity ${wishes.severity.join(", ")}` : "",
    wishes.namespaces.length > 0 ? `namespaces ${wishes.namespaces.join(", ")}` : "",
    wishes.alert_name_pattern === null ? "" : `names like ${wishes.alert_name_pattern}`,
    wishes.exclude_noise ? "no noise" : "",
    wishes.min_confidence === null ? "" : `classified with ${percent(wishes.min_confidence, 0)} or more`,
  ]
    .filter((wish) => wish !== "")
    .join("; ") || "everything that is routed to it";

const Health = ({ name }: { readonly name: string }) => {
  const asked = useApi<TargetHealthView>(`/publishing/targets/health/${encodeURIComponent(name)}`, {
    on: ["target"],
    about: ({ id }) => id === name,
  });
  return (
    <Loaded of={asked} what="health">
      {(health) => (
        <dl class="facts">
          <dt>Known from</dt>
          <dd>{health.evidence === "delivery" ? "its deliveries" : "a probe, for lack of deliveries"}</dd>
          <dt>Last answer</dt>
          <dd>
            <Ago at={health.last_check} /> in {latency(health.latency_ms)}
          </dd>
          <dt>Last success</dt>
          <dd>
            <At at={health.last_success} />
          </dd>
          <dt>Last failure</dt>
          <dd>
            <At at={health.last_failure} />
            {health.consecutive_failures > 0 && `, ${count(health.consecutive_failures)} in a row`}
          </dd>
          {health.error_message !== null && (
            <>
              <dt>It says</dt>
              <dd class="state-text bad">{reasonText(health.error_message)}</dd>
            </>
          )}
        </dl>
      )}
    </Loaded>
  );
};

interface TargetDrawerProps {
  readonly of: PublishingTarget;
  readonly times: DeliveryTimesView | null;
  readonly onClose: () => void;
}

export const TargetDrawer = ({ of, times, onClose }: TargetDrawerProps) => {
  const jobs = useApi<JobList>(`/api/v1/notifications?limit=10&target=${encodeURIComponent(of.name)}`, {
    on: ["delivery"],
    about: ({ id }) => targetOf(id) === of.name,
  });
  const one = timesOf(times, of.name);
  return (
    <Dialog title={of.name} class="drawer" onClose={onClose}>
      <div class="drawer-head">
        <TargetState of={of} times={one} />
        {of.circuit_breaker_state === "closed" && <span class="dim">breaker closed</span>}
        <span class="drawer-tools">
          <TestButton name={of.name} />
        </span>
        <p class="drawer-summary">{of.description}</p>
      </div>
      {of.frozen && (
        <p class="notice bad">
          Frozen since <At at={of.frozen_since} />: {of.frozen_reason?.replaceAll("_", " ")}
        </p>
      )}
      {of.stale && (
        <p class="notice bad">
          Stale since <At at={of.stale_since} />: it was not in the last reading of its cluster.
        </p>
      )}
      {of.warnings.map((warning) => (
        <p key={warning} class="notice">
          {warning}
        </p>
      ))}
      <h3>Definition</h3>
      <dl class="facts">
        <dt>Kind</dt>
        <dd>
          {of.type}
          {of.format === of.type ? "" : `, as ${of.format}`}
        </dd>
        <dt>Address</dt>
        <dd>
          <code>{of.url}</code>
        </dd>
        <dt>From</dt>
        <dd>
          {of.cluster === null ? "defined here" : `the Secret ${of.secret} in ${of.namespace} of cluster ${of.cluster}`}
        </dd>
        <dt>Wants</dt>
        <dd>
          {wishesOf(of)}; {of.send_resolved ? "ends too" : "no ends"}
        </dd>
        <dt>Changed</dt>
        <dd>
          <At at={of.updated_at} />
        </dd>
      </dl>
      <h3>Last 24 h</h3>
      <p>
        <Share of={shareOf(one)} /> delivered ({count(one?.delivered ?? 0)} of{" "}
        {count((one?.delivered ?? 0) + (one?.failed ?? 0))}), p50 {latency(one?.p50_ms)}, p95 {latency(one?.p95_ms)}
      </p>
      <h3>Health</h3>
      <Health name={of.name} />
      <h3>Sent to it last</h3>
      <Loaded of={jobs} what="notifications">
        {({ notifications }) =>
          notifications.length === 0 ? (
            <Empty title="Nothing was sent to it." />
          ) : (
            <>
              <table class="cards">
                <tbody>
                  {notifications.map((job) => (
                    <tr key={job.id}>
                      <td class="nowrap">
                        <Ago at={job.created_at} />
                      </td>
                      <td>
                        <a href={hrefWith("/deliveries", { target: of.name, job: job.id })}>
                          {job.alert_names.join(", ")}
                        </a>
                      </td>
                      <td>
                        <State of={job.state} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <p>
                <a href={hrefWith("/deliveries", { target: of.name })}>All of its deliveries</a>
              </p>
            </>
          )
        }
      </Loaded>
    </Dialog>
  );
};
