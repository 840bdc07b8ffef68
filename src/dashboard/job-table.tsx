/** Notifications of the ledger: where each went, what was answered, and sending it once more. */
import { attempt, say } from "./announce.ts";
import { call, may } from "./api.ts";
import type { LiveChange } from "./live.ts";
import { hrefWith, useQuery } from "./query.ts";
import { reasonText } from "./reasons.ts";
import { useCursorInSight } from "./row-cursor.ts";
import type { JobView, Replayed } from "./types.ts";
import { Ago, Cell, Severity, State } from "./ui.tsx";

export const sayReplayed = ({
  matched,
  replayed,
  skipped_resolved,
  skipped_already_replayed,
  skipped_gone,
}: Replayed): string => {
  const skipped = [
    skipped_resolved > 0 ? `${skipped_resolved} have resolved since` : "",
    skipped_already_replayed > 0 ? `${skipped_already_replayed} were sent again already` : "",
    skipped_gone > 0 ? `${skipped_gone} are not kept any more` : "",
  ].filter((text) => text !== "");
  return `${replayed} of ${matched} sent again${skipped.length > 0 ? `; ${skipped.join(", ")}` : ""}`;
};

/** Sends these again, also where that got through before, and says what came of it. */
export const replayIds = (ids: readonly string[]): Promise<boolean> => {
  const body = { ids, again: true };
  return attempt(
    async () => say(sayReplayed(await call<Replayed>("POST", "/api/v1/notifications/replay", body))),
    null,
  );
};

/** Ended without success: what a person may want to try again. */
export const isReplayable = ({ state }: JobView): boolean => ["dlq", "canceled", "failed"].includes(state);

/** What is told of a notification changes the list of dead letters. */
export const isOfDead = ({ status }: LiveChange): boolean => ["dead", "discarded", "replayed"].includes(status);

/** `NodeDown`, or `NodeDown, HighLatency and 3 more` for a group. */
export const jobTitle = ({ alert_name, alert_names, fingerprints }: JobView): string => {
  if (fingerprints.length <= 1) return alert_name;
  const shown = alert_names.slice(0, 2).join(", ");
  return `${fingerprints.length} alerts: ${shown}${alert_names.length > 2 ? ", …" : ""}`;
};

interface JobTableProps {
  readonly jobs: readonly JobView[];
  readonly cursor?: number;
  readonly chosen?: ReadonlySet<string>;
  readonly onChoose?: (id: string, on: boolean) => void;
  readonly onChange: () => void;
  /** False where all of them are in the same one. */
  readonly withState?: boolean;
}

const Why = ({ of }: { readonly of: JobView }) => (
  <>
    {of.reason === null ? "" : reasonText(of.reason)}
    {of.last_error !== null && of.last_error !== of.reason && <div class="clip dim">{of.last_error}</div>}
    {of.next_attempt_at !== null && (
      <div>
        next try <Ago at={of.next_attempt_at} suffix="" />
      </div>
    )}
    {of.replayed_at !== null && (
      <div class="dim">
        sent again <Ago at={of.replayed_at} />
      </div>
    )}
  </>
);

export const JobTable = ({ jobs, cursor = -1, chosen, onChoose, onChange, withState = true }: JobTableProps) => {
  const { path, query } = useQuery();
  useCursorInSight(cursor);
  return (
    <table class="cards many">
      <caption class="unseen">Notifications, newest first</caption>
      <thead>
        <tr>
          {onChoose !== undefined && (
            <th scope="col">
              <input
                type="checkbox"
                aria-label="Choose all of them"
                checked={jobs.length > 0 && jobs.every(({ id }) => chosen?.has(id))}
                onChange={(event) => {
                  for (const { id } of jobs) onChoose(id, event.currentTarget.checked);
                }}
              />
            </th>
          )}
          <th scope="col">When</th>
          <th scope="col">Target</th>
          <th scope="col">Severity</th>
          <th scope="col">Alert</th>
          {withState && <th scope="col">State</th>}
          <th scope="col">Why</th>
          <th scope="col" class="number">
            Tries
          </th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job, index) => (
          <tr key={job.id} class={index === cursor ? "cursor" : ""}>
            {onChoose !== undefined && (
              <td>
                <input
                  type="checkbox"
                  aria-label={`Choose ${jobTitle(job)} for ${job.target_name}`}
                  checked={chosen?.has(job.id) ?? false}
                  onChange={(event) => onChoose(job.id, event.currentTarget.checked)}
                />
              </td>
            )}
            <td class="nowrap">
              <Ago at={job.created_at} />
            </td>
            <Cell of="to" class="name">
              <a href={hrefWith("/deliveries", { target: job.target_name })}>{job.target_name}</a>
            </Cell>
            <td>
              <Severity of={job.severity} />
            </td>
            <td class="title">
              <a href={hrefWith(path, query, { job: job.id })}>{jobTitle(job)}</a>{" "}
              <span class="dim">
                {job.status}
                {job.replay > 0 ? `, sent again (${job.replay})` : ""}
              </span>
            </td>
            {withState && (
              <td>
                <State of={job.state} />
              </td>
            )}
            <td>
              <Why of={job} />
            </td>
            <Cell of="tries" class="number">
              {job.attempts.at(-1)?.number ?? 0}
            </Cell>
            <td>
              {may("operate") && isReplayable(job) && (
                <button type="button" class="small" onClick={() => void replayIds([job.id]).then(onChange)}>
                  Send again
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
