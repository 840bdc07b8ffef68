/** What was sent where, with every attempt and answer; and how each target does. */
import { useSignal } from "@preact/signals";
import { may, withQuery } from "../api.ts";
import { type DeliveryTimesView, shareOf, timesOf } from "../delivery-times.ts";
import { JobDrawer } from "../job-drawer.tsx";
import { isReplayable, JobTable, replayIds } from "../job-table.tsx";
import { useKeys } from "../keys.ts";
import { carried, hrefWith, useQuery } from "../query.ts";
import { shareTone, TargetState, worstFirst } from "../target-state.tsx";
import { latency, now, rangeName, rangeQuery, readRange } from "../time.ts";
import type { JobList, PublishingTarget } from "../types.ts";
import { Ago, count, Empty, Loaded, Panel, percent } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const STATES: readonly (readonly [state: string, title: string])[] = [
  ["delivered", "delivered"],
  ["pending", "queued"],
  ["retry", "retrying"],
  ["deferred", "deferred"],
  ["dead", "dead letter"],
  ["digested", "in a digest"],
  ["superseded", "superseded"],
  ["canceled", "not sent"],
  ["discarded", "discarded"],
];
const FILTERS = ["target", "state", "fingerprint"] as const;
const HOUR_MS = 3_600_000;
/** The ledger of times goes back this far. */
const MAX_HOURS = 720;

interface CardsProps {
  readonly of: readonly PublishingTarget[];
  readonly times: DeliveryTimesView | null;
  readonly selected: string | undefined;
}

const Cards = ({ of, times, selected }: CardsProps) => {
  const { query } = useQuery();
  return (
    <div class="tiles wide">
      {worstFirst(of, (name) => timesOf(times, name)).map((target) => {
        const one = timesOf(times, target.name);
        const share = shareOf(one);
        return (
          <a
            key={target.name}
            class={`tile ${shareTone(share)}`}
            aria-current={target.name === selected ? "true" : undefined}
            href={hrefWith("/deliveries", carried(query), { target: target.name === selected ? null : target.name })}
          >
            <span class="name">{target.name}</span>
            <span class="value">{percent(share)}</span>
            <span class="note">
              {count(one?.delivered ?? 0)} delivered, {count(one?.failed ?? 0)} failed
            </span>
            <span class="note">
              p50 {latency(one?.p50_ms)}, p95 {latency(one?.p95_ms)}
            </span>
            <span class="quick">
              <TargetState of={target} times={one} />
            </span>
            <span class="note">
              last success <Ago at={target.last_success_time} />
            </span>
          </a>
        );
      })}
    </div>
  );
};

const Deliveries = () => {
  const { query, path, change } = useQuery();
  const cursor = useSignal(-1);
  const range = readRange(query, now.value);
  const hours = Math.min(MAX_HOURS, Math.max(1, Math.ceil((now.value - range.from) / HOUR_MS)));
  const targets = useApi<PublishingTarget[]>("/publishing/targets?limit=1000", { on: ["target", "cluster", "config"] });
  const times = useApi<DeliveryTimesView>(withQuery("/api/v1/delivery-times", { hours }), {
    on: ["delivery"],
    everyMs: 5_000,
  });
  const job = query["job"] ?? null;
  const jobs = useApi<JobList>(
    withQuery("/api/v1/notifications", {
      ...Object.fromEntries(FILTERS.map((name) => [name, query[name]])),
      cursor: query["page"],
      ...rangeQuery(query),
    }),
    { on: ["delivery"], hold: job !== null || cursor.value >= 0 || query["page"] !== undefined },
  );
  const rows = jobs.value?.notifications ?? [];
  const filtered = FILTERS.some((name) => query[name] !== undefined);
  useKeys({
    j: () => {
      cursor.value = Math.min(rows.length - 1, cursor.value + 1);
    },
    k: () => {
      cursor.value = Math.max(0, cursor.value - 1);
    },
    Enter: () => {
      const row = rows[cursor.value];
      if (row !== undefined) change({ job: row.id });
    },
    r: () => {
      const row = rows[cursor.value];
      if (row !== undefined && may("operate") && isReplayable(row)) void replayIds([row.id]).then(jobs.refresh);
    },
    Escape: () => {
      cursor.value = -1;
    },
  });
  return (
    <>
      <Loaded of={targets} what="targets">
        {(value) =>
          value.length === 0 ? (
            <Empty title="No target yet.">
              <p>
                Nobody is told until there is one: <a href="/targets">define the first target</a>.
              </p>
            </Empty>
          ) : (
            <Cards of={value} times={times.value} selected={query["target"]} />
          )
        }
      </Loaded>
      <Panel
        title={`${query["target"] === undefined ? "Notifications" : `Notifications for ${query["target"]}`}, ${rangeName(query)}`}
        tools={
          <div class="quick">
            {jobs.waiting > 0 && (
              <button type="button" class="pill" onClick={jobs.refresh}>
                {jobs.waiting} new: show
              </button>
            )}
            <select
              aria-label="State"
              value={query["state"] ?? ""}
              onChange={(event) => change({ state: event.currentTarget.value, page: null })}
            >
              <option value="">every state</option>
              {STATES.map(([state, title]) => (
                <option key={state} value={state}>
                  {title}
                </option>
              ))}
            </select>
            {filtered && (
              <a class="button" href={hrefWith(path, carried(query))}>
                Show all
              </a>
            )}
          </div>
        }
      >
        <Loaded of={jobs} what="notifications">
          {(value) =>
            value.notifications.length === 0 && !value.has_next ? (
              <Empty
                title={filtered ? "No notification is like this in this range." : "Nothing was sent in this range."}
              >
                <p>
                  {filtered ? "Show all of them, or take a longer range. " : ""}Why an alert was not sent is said in its
                  timeline, under <a href="/alerts">Alerts</a>.
                </p>
              </Empty>
            ) : (
              <>
                <JobTable jobs={value.notifications} cursor={cursor.value} onChange={jobs.refresh} />
                <div class="actions">
                  {query["page"] !== undefined && (
                    <a class="button" href={hrefWith(path, query, { page: null })}>
                      Newest
                    </a>
                  )}
                  {value.has_next && (
                    <a class="button" href={hrefWith(path, query, { page: value.cursor })}>
                      Older
                    </a>
                  )}
                </div>
              </>
            )
          }
        </Loaded>
      </Panel>
      {job !== null && (
        <JobDrawer key={job} id={job} onClose={() => change({ job: null, try: null })} onChange={jobs.refresh} />
      )}
    </>
  );
};

export default Deliveries;
