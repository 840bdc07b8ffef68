/** What could not be delivered: by reason, sent again one by one or all of a kind, or discarded. */
import { useSignal } from "@preact/signals";
import { attempt, say } from "../announce.ts";
import { call, may, withQuery } from "../api.ts";
import { Confirm } from "../dialog.tsx";
import { JobTable, replayIds, sayReplayed } from "../job-table.tsx";
import { useKeys } from "../keys.ts";
import { hrefWith, useQuery } from "../query.ts";
import type { DeadCounts, JobList, Replayed } from "../types.ts";
import { count, Empty, Loaded, Panel } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const Reasons = ({ of }: { readonly of: DeadCounts }) => {
  const { path, query } = useQuery();
  return (
    <div class="tiles">
      {of.counts.map(({ target, reason, count: n }) => (
        <a key={`${target} ${reason}`} class="tile bad" href={hrefWith(path, query, { target, reason })}>
          <span class="name">{target}</span>
          <span class="value">{count(n)}</span>
          <span class="note">{reason?.replaceAll("_", " ") ?? "unknown"}</span>
        </a>
      ))}
    </div>
  );
};

const DeadLetters = () => {
  const { query, change } = useQuery();
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const confirming = useSignal<"discard" | "all" | null>(null);
  const progress = useSignal<{ done: number; of: number } | null>(null);
  const counts = useApi<DeadCounts>("/api/v1/dead-letters/counts");
  const filter = { target: query["target"] ?? null, reason: query["reason"] ?? null };
  const list = useApi<JobList>(withQuery("/api/v1/dead-letters", filter));
  const refresh = (): void => {
    chosen.value = new Set();
    list.refresh();
    counts.refresh();
  };
  const replayChosen = async (): Promise<void> => {
    if (chosen.value.size === 0) return;
    await attempt(async () => say(sayReplayed(await replayIds([...chosen.value]))), `${chosen.value.size} sent again`);
    refresh();
  };
  // The server takes a bounded number at a time and says when there are more: that is the progress.
  const replayAll = async (): Promise<void> => {
    const total = counts.value?.total ?? 0;
    progress.value = { done: 0, of: total };
    await attempt(async () => {
      const since = { to: new Date().toISOString(), ...(filter.target === null ? {} : { target: filter.target }) };
      for (;;) {
        const answer = await call<Replayed>("POST", "/api/v1/dead-letters/replay", {
          ...since,
          ...(filter.reason === null ? {} : { reason: filter.reason }),
        });
        progress.value = { done: (progress.value?.done ?? 0) + answer.replayed, of: total };
        if (!answer.has_more || answer.replayed === 0) break;
      }
    }, "All of them are being sent again");
    progress.value = null;
    refresh();
  };
  const discardChosen = async (): Promise<void> => {
    const ids = [...chosen.value];
    progress.value = { done: 0, of: ids.length };
    await attempt(async () => {
      for (const [index, id] of ids.entries()) {
        await call("DELETE", `/api/v1/dead-letters/${encodeURIComponent(id)}`);
        progress.value = { done: index + 1, of: ids.length };
      }
    }, `${ids.length} discarded`);
    progress.value = null;
    refresh();
  };
  useKeys({ r: () => void replayChosen() });
  const close = (): void => {
    confirming.value = null;
  };
  return (
    <>
      <Loaded of={counts} what="counts">
        {(value) => <Reasons of={value} />}
      </Loaded>
      <Panel
        title="Dead letters"
        tools={
          may("operate") && (
            <div class="quick">
              {(filter.target !== null || filter.reason !== null) && (
                <button type="button" onClick={() => change({ target: null, reason: null })}>
                  Show all
                </button>
              )}
              <button type="button" disabled={chosen.value.size === 0} onClick={() => void replayChosen()}>
                Send {chosen.value.size} again
              </button>
              <button
                type="button"
                disabled={chosen.value.size === 0}
                onClick={() => {
                  confirming.value = "discard";
                }}
              >
                Discard …
              </button>
              <button
                type="button"
                disabled={(list.value?.notifications.length ?? 0) === 0}
                onClick={() => {
                  confirming.value = "all";
                }}
              >
                Send all of these again …
              </button>
            </div>
          )
        }
      >
        {progress.value !== null && (
          <label>
            {progress.value.done} of {progress.value.of}
            <progress value={progress.value.done} max={progress.value.of} />
          </label>
        )}
        <Loaded of={list} what="dead letters">
          {({ notifications }) =>
            notifications.length === 0 ? (
              <Empty title="Nothing is stuck.">
                <p>What cannot be delivered is kept here until you send it again or discard it.</p>
              </Empty>
            ) : (
              <JobTable
                jobs={notifications}
                chosen={chosen.value}
                {...(may("operate")
                  ? {
                      onChoose: (id: string, on: boolean) => {
                        const next = new Set(chosen.value);
                        if (on) next.add(id);
                        else next.delete(id);
                        chosen.value = next;
                      },
                    }
                  : {})}
                onChange={refresh}
              />
            )
          }
        </Loaded>
      </Panel>
      {confirming.value === "discard" && (
        <Confirm
          title={`Discard ${chosen.value.size} dead letters?`}
          action="Discard"
          onClose={close}
          onConfirm={() => void discardChosen()}
        >
          <p>They are not sent any more. The history keeps that they failed.</p>
        </Confirm>
      )}
      {confirming.value === "all" && (
        <Confirm
          title="Send all of these again?"
          action="Send again"
          onClose={close}
          onConfirm={() => void replayAll()}
        >
          <p>
            {filter.target ?? "Every target"}
            {filter.reason === null ? "" : `, ${filter.reason}`}. Alerts that have resolved since are left out.
          </p>
        </Confirm>
      )}
    </>
  );
};

export default DeadLetters;
