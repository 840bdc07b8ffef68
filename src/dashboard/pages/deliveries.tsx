/** What was sent where, with every attempt and answer; and how each target does. */
import { useSignal } from "@preact/signals";
import { withQuery } from "../api.ts";
import { JobTable } from "../job-table.tsx";
import { hrefWith, useQuery } from "../query.ts";
import { rangeQuery } from "../time.ts";
import type { JobList, PublishingTarget } from "../types.ts";
import { Ago, count, Empty, Loaded, Panel, percent, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const STATES = ["delivered", "pending", "retry", "deferred", "dead", "digested", "superseded", "canceled"];

const Cards = ({ of }: { readonly of: readonly PublishingTarget[] }) => (
  <div class="tiles">
    {of.map((target) => (
      <a
        key={target.name}
        class={`tile ${target.health_status === "unhealthy" ? "bad" : target.health_status === "healthy" ? "good" : ""}`}
        href={hrefWith("/deliveries", { target: target.name })}
      >
        <span class="name">{target.name}</span>
        <span class="value">{percent(target.success_rate)}</span>
        <span class="note">
          {count(target.total_publishes)} sent
          {target.circuit_breaker_state === "closed"
            ? ""
            : `, breaker ${target.circuit_breaker_state.replace("_", " ")}`}
        </span>
        <State of={target.health_status} />
        <span class="note">
          last success <Ago at={target.last_success_time} />
        </span>
      </a>
    ))}
  </div>
);

const Deliveries = () => {
  const { query, change } = useQuery();
  const page = useSignal<string | null>(null);
  const targets = useApi<PublishingTarget[]>("/publishing/targets");
  const jobs = useApi<JobList>(
    withQuery("/api/v1/notifications", {
      target: query["target"],
      state: query["state"],
      fingerprint: query["fingerprint"],
      cursor: page.value,
      ...rangeQuery(query),
    }),
  );
  const filtered = ["target", "state", "fingerprint"].some((name) => query[name] !== undefined);
  return (
    <>
      <Loaded of={targets} what="targets">
        {(value) => (value.length === 0 ? <Empty title="No target yet." /> : <Cards of={value} />)}
      </Loaded>
      <Panel
        title={query["target"] === undefined ? "Notifications" : `Notifications for ${query["target"]}`}
        tools={
          <div class="quick">
            <select
              aria-label="State"
              value={query["state"] ?? ""}
              onChange={(event) => change({ state: event.currentTarget.value })}
            >
              <option value="">every state</option>
              {STATES.map((state) => (
                <option key={state}>{state}</option>
              ))}
            </select>
            {filtered && (
              <button type="button" onClick={() => change({ target: null, state: null, fingerprint: null })}>
                Show all
              </button>
            )}
          </div>
        }
      >
        <Loaded of={jobs} what="notifications">
          {(value) =>
            value.notifications.length === 0 ? (
              <Empty title="Nothing was sent in this range.">
                <p>The timeline of an alert says why it was not.</p>
              </Empty>
            ) : (
              <>
                <JobTable jobs={value.notifications} onChange={jobs.refresh} />
                <div class="actions">
                  {page.value !== null && (
                    <button
                      type="button"
                      onClick={() => {
                        page.value = null;
                      }}
                    >
                      Newest
                    </button>
                  )}
                  {value.has_next && (
                    <button
                      type="button"
                      onClick={() => {
                        page.value = value.cursor;
                      }}
                    >
                      Older
                    </button>
                  )}
                </div>
              </>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
};

export default Deliveries;
