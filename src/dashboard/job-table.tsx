/** Notifications of the ledger: where each went, what was answered, and sending it once more. */
import { attempt } from "./announce.ts";
import { call, may } from "./api.ts";
import { hrefWith } from "./query.ts";
import type { JobView, Replayed } from "./types.ts";
import { Ago, Severity, State } from "./ui.tsx";

export const sayReplayed = ({ matched, replayed, skipped_resolved, skipped_already_replayed }: Replayed): string => {
  const skipped = [
    skipped_resolved > 0 ? `${skipped_resolved} have resolved since` : "",
    skipped_already_replayed > 0 ? `${skipped_already_replayed} are being sent again already` : "",
  ].filter((text) => text !== "");
  return `${replayed} of ${matched} sent again${skipped.length > 0 ? `; ${skipped.join(", ")}` : ""}`;
};

export const replayIds = (ids: readonly string[]): Promise<Replayed> =>
  call<Replayed>("POST", "/api/v1/notifications/replay", { ids });

interface JobTableProps {
  readonly jobs: readonly JobView[];
  readonly cursor?: number;
  readonly chosen?: ReadonlySet<string>;
  readonly onChoose?: (id: string, on: boolean) => void;
  readonly onChange: () => void;
}

const Attempts = ({ of }: { readonly of: JobView }) =>
  of.attempts.length === 0 ? (
    <span class="dim">none</span>
  ) : (
    <details>
      <summary>{of.attempts.length}</summary>
      <ol>
        {of.attempts.map((one) => (
          <li key={one.number}>
            <Ago at={one.at} />: {one.status_code ?? "no answer"} in {one.duration_ms} ms
            {one.error_type === null ? "" : `, ${one.error_type}`}
            {one.error === null ? "" : `: ${one.error}`}
            {one.receipt == null ? "" : `, they call it ${one.receipt}`}
          </li>
        ))}
      </ol>
    </details>
  );

export const JobTable = ({ jobs, cursor = -1, chosen, onChoose, onChange }: JobTableProps) => (
  <table class="cards">
    <thead>
      <tr>
        {onChoose !== undefined && (
          <th>
            <span class="unseen">Choose</span>
          </th>
        )}
        <th>When</th>
        <th>Target</th>
        <th>Alert</th>
        <th>State</th>
        <th>Why</th>
        <th>Attempts</th>
        <th>
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
                aria-label={`Choose ${job.alert_name} for ${job.target_name}`}
                checked={chosen?.has(job.id) ?? false}
                onChange={(event) => onChoose(job.id, event.currentTarget.checked)}
              />
            </td>
          )}
          <td class="nowrap">
            <Ago at={job.created_at} />
          </td>
          <td>
            <a href={hrefWith("/deliveries", { target: job.target_name })}>{job.target_name}</a>
          </td>
          <td>
            <Severity of={job.severity} />{" "}
            <a href={hrefWith("/alerts", { tab: "all", sel: job.fingerprint, view: "why" })}>{job.alert_name}</a>{" "}
            <span class="dim">{job.status}</span>
          </td>
          <td>
            <State of={job.state} />
          </td>
          <td class="dim">
            {job.reason?.replaceAll("_", " ") ?? ""} {job.last_error ?? ""}
          </td>
          <td>
            <Attempts of={job} />
          </td>
          <td>
            {may("operate") && ["dlq", "canceled", "failed", "dead"].includes(job.state) && (
              <button
                type="button"
                class="small"
                onClick={() => void attempt(() => replayIds([job.id]), "Sent again").then(onChange)}
              >
                Send again
              </button>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
