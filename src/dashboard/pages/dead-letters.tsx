/** What could not be delivered: by reason, sent again one by one or all of a kind, or discarded. */
import { useSignal } from "@preact/signals";
import { may, withQuery } from "../api.ts";
import { discardAll, progress, replayAll, stop } from "../bulk.ts";
import { Confirm } from "../dialog.tsx";
import { JobDrawer } from "../job-drawer.tsx";
import { isOfDead, JobTable, replayIds } from "../job-table.tsx";
import { useKeys } from "../keys.ts";
import { hrefWith, useQuery } from "../query.ts";
import { reasonText } from "../reasons.ts";
import type { DeadCounts, JobList } from "../types.ts";
import { count, Empty, Loaded, Panel } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const Reasons = ({ of }: { readonly of: DeadCounts }) => {
  const { path, query } = useQuery();
  return (
    <div class="tiles wide">
      {of.counts
        .toSorted((a, b) => b.count - a.count)
        .map(({ target, reason, count: n }) => {
          const isChosen = query["target"] === target && query["reason"] === (reason ?? undefined);
          return (
            <a
              key={`${target} ${reason}`}
              class="tile bad"
              aria-current={isChosen ? "true" : undefined}
              href={hrefWith(path, {}, isChosen ? {} : { target, reason })}
            >
              <span class="name">{target}</span>
              <span class="value">{count(n)}</span>
              <span class="note">
                {reason === null ? "nobody knows why" : `${reason.replaceAll("_", " ")}: ${reasonText(reason)}`}
              </span>
            </a>
          );
        })}
    </div>
  );
};

const Progress = () =>
  progress.value === null ? null : (
    <div class="notice progress" role="status">
      <span>
        {progress.value.what}: {count(progress.value.done)}
        {progress.value.of === null ? "" : ` of ${count(progress.value.of)}`}
      </span>
      <progress
        aria-label={progress.value.what}
        value={progress.value.done}
        max={Math.max(1, progress.value.of ?? 1)}
      />
      <button type="button" class="small" onClick={stop}>
        Stop
      </button>
    </div>
  );

const DeadLetters = () => {
  const { query, path, change } = useQuery();
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const cursor = useSignal(-1);
  const confirming = useSignal<"discard" | "all" | null>(null);
  const counts = useApi<DeadCounts>("/api/v1/dead-letters/counts", { on: ["delivery"], about: isOfDead });
  const filter = { target: query["target"] ?? null, reason: query["reason"] ?? null };
  const job = query["job"] ?? null;
  const list = useApi<JobList>(withQuery("/api/v1/dead-letters", { ...filter, cursor: query["page"] }), {
    on: ["delivery"],
    about: isOfDead,
    hold: job !== null || chosen.value.size > 0 || cursor.value >= 0,
  });
  const rows = list.value?.notifications ?? [];
  const matching = counts.value?.counts.filter(
    (one) =>
      (filter.target === null || one.target === filter.target) &&
      (filter.reason === null || one.reason === filter.reason),
  );
  const total = matching?.reduce((sum, one) => sum + one.count, 0) ?? null;
  const refresh = (): void => {
    chosen.value = new Set();
    list.refresh();
    counts.refresh();
  };
  const choose = (id: string, on: boolean): void => {
    const next = new Set(chosen.value);
    if (on) next.add(id);
    else next.delete(id);
    chosen.value = next;
  };
  const replayChosen = (): void => {
    const row = rows[cursor.value];
    const ids = chosen.value.size > 0 ? [...chosen.value] : row === undefined ? [] : [row.id];
    if (ids.length > 0 && may("operate")) void replayIds(ids).then(refresh);
  };
  useKeys({
    j: () => {
      cursor.value = Math.min(rows.length - 1, cursor.value + 1);
    },
    k: () => {
      cursor.value = Math.max(0, cursor.value - 1);
    },
    x: () => {
      const row = rows[cursor.value];
      if (row !== undefined && may("operate")) choose(row.id, !chosen.value.has(row.id));
    },
    Enter: () => {
      const row = rows[cursor.value];
      if (row !== undefined) change({ job: row.id });
    },
    r: replayChosen,
    Escape: () => {
      cursor.value = -1;
      chosen.value = new Set();
    },
  });
  const close = (): void => {
    confirming.value = null;
  };
  const isBusy = progress.value !== null;
  return (
    <>
      <Loaded of={counts} what="counts">
        {(value) => <Reasons of={value} />}
      </Loaded>
      <Progress />
      <Panel
        title={filter.target === null ? "Dead letters" : `Dead letters of ${filter.target}`}
        tools={
          may("operate") &&
          rows.length > 0 && (
            <div class="quick">
              {(filter.target !== null || filter.reason !== null) && (
                <a class="button" href={path}>
                  Show all
                </a>
              )}
              <button type="button" disabled={chosen.value.size === 0 || isBusy} onClick={replayChosen}>
                {chosen.value.size === 0 ? "Send chosen again" : `Send ${count(chosen.value.size)} again`}
              </button>
              <button
                type="button"
                disabled={chosen.value.size === 0 || isBusy}
                onClick={() => {
                  confirming.value = "discard";
                }}
              >
                {chosen.value.size === 0 ? "Discard chosen …" : `Discard ${count(chosen.value.size)} …`}
              </button>
              <button
                type="button"
                class="primary"
                disabled={isBusy}
                onClick={() => {
                  confirming.value = "all";
                }}
              >
                Send all {total === null ? "" : `${count(total)} `}again …
              </button>
            </div>
          )
        }
      >
        <Loaded of={list} what="dead letters">
          {({ notifications, has_next, cursor: next }) =>
            notifications.length === 0 && !has_next ? (
              <Empty title={filter.target === null ? "Nothing is stuck." : "Nothing is stuck here any more."}>
                <p>
                  What cannot be delivered is kept here until you send it again or discard it. What is being tried still
                  is under <a href={hrefWith("/deliveries", { state: "retry" })}>Deliveries</a>.
                </p>
              </Empty>
            ) : (
              <>
                <JobTable
                  jobs={notifications}
                  cursor={cursor.value}
                  chosen={chosen.value}
                  {...(may("operate") ? { onChoose: choose } : {})}
                  onChange={refresh}
                  withState={false}
                />
                <div class="actions">
                  {query["page"] !== undefined && (
                    <a class="button" href={hrefWith(path, query, { page: null })}>
                      Newest
                    </a>
                  )}
                  {has_next && (
                    <a class="button" href={hrefWith(path, query, { page: next })}>
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
        <JobDrawer key={job} id={job} onClose={() => change({ job: null, try: null })} onChange={refresh} />
      )}
      {confirming.value === "discard" && (
        <Confirm
          title={`Discard ${chosen.value.size} dead letters?`}
          action="Discard"
          onClose={close}
          onConfirm={() => void discardAll([...chosen.value]).then(refresh)}
        >
          <p>They are not sent any more. The history keeps that they failed.</p>
        </Confirm>
      )}
      {confirming.value === "all" && (
        <Confirm
          title={`Send ${total === null ? "all of these" : count(total)} again?`}
          action="Send again"
          onClose={close}
          onConfirm={() => void replayAll(filter, total).then(refresh)}
        >
          <p>
            {filter.target ?? "Every target"}
            {filter.reason === null ? "" : `: ${reasonText(filter.reason)}`}. Alerts that have resolved since are left
            out.
          </p>
        </Confirm>
      )}
    </>
  );
};

export default DeadLetters;
