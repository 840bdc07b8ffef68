/** One notification: every attempt with what was sent and what was answered, and sending it once more. */
import { may, withQuery } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { isReplayable, jobTitle, replayIds } from "./job-table.tsx";
import { useKeys } from "./keys.ts";
import { hrefWith, useQuery } from "./query.ts";
import { reasonText } from "./reasons.ts";
import { latency } from "./time.ts";
import type { JobView, RequestView } from "./types.ts";
import { Ago, At, Loaded, Severity, Snippet, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";

/** JSON is shown indented; anything else as it is. */
const pretty = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // Not JSON: a form or a text of a template.
    return body;
  }
};

interface AttemptsProps {
  readonly of: JobView;
  /** Whose request is shown below; null: the latest's. */
  readonly chosen: string | null;
  readonly onChoose: (attempt: string) => void;
}

const Attempts = ({ of, chosen, onChoose }: AttemptsProps) =>
  of.attempts.length === 0 ? (
    <p class="dim">Nothing was sent{of.reason === null ? " yet" : `: ${reasonText(of.reason)}`}.</p>
  ) : (
    <table class="cards">
      <caption class="unseen">Attempts</caption>
      <thead>
        <tr>
          <th scope="col">Try</th>
          <th scope="col">When</th>
          <th scope="col">Answer</th>
          <th scope="col">Took</th>
          <th scope="col">What it said</th>
          <th scope="col">
            <span class="unseen">What was sent</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {of.attempts.map((one) => (
          <tr key={one.number}>
            <td>{one.number}</td>
            <td class="nowrap">
              <At at={one.at} />
            </td>
            <td class="nowrap">
              <State
                of={one.error_type === null ? "ok" : "failed"}
                label={one.status_code === null ? "no answer" : String(one.status_code)}
              />
            </td>
            <td class="nowrap">{latency(one.duration_ms)}</td>
            <td>
              {one.error_type === null ? "" : reasonText(one.error_type)}
              {one.error !== null && one.error !== one.error_type && <pre>{one.error}</pre>}
              {one.receipt != null && (
                <span class="dim">
                  they call it <code>{one.receipt}</code>
                </span>
              )}
            </td>
            <td>
              <button
                type="button"
                class="small"
                aria-pressed={String(one.number) === (chosen ?? String(of.attempts.at(-1)?.number))}
                aria-label={`Request of try ${one.number}`}
                onClick={() => onChoose(String(one.number))}
              >
                Request
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );

/** Whether what is shown is what was sent: said by a word of its own, not by the sentence alone. */
const ORIGIN: Readonly<Record<RequestView["origin"], readonly [state: string, label: string]>> = {
  exact: ["ok", "exactly as sent"],
  kept: ["ok", "as sent, kept"],
  changed: ["partial", "not as sent"],
  unknown: ["unknown", "made again"],
  none: ["unknown", "not sent yet"],
};

interface SentProps {
  readonly id: string;
  /** null: the latest. */
  readonly attempt: string | null;
}

const Sent = ({ id, attempt }: SentProps) => {
  const asked = useApi<RequestView>(
    withQuery(`/api/v1/notifications/${encodeURIComponent(id)}/request`, { attempt }),
    // A new attempt sends something of its own.
    { on: ["delivery"], about: (change) => change.id === id },
  );
  return (
    <Loaded of={asked} what="request">
      {({ request, origin, note }) => (
        <>
          <p class="dim">
            <State of={ORIGIN[origin][0]} label={ORIGIN[origin][1]} /> {note}
          </p>
          {request !== null && (
            <>
              <pre>
                {[
                  `${request.method} ${request.url}`,
                  ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
                  ...(request.signed ? ["webhook-signature: ***"] : []),
                ].join("\n")}
              </pre>
              <Snippet text={pretty(request.body)} />
            </>
          )}
        </>
      )}
    </Loaded>
  );
};

interface JobDrawerProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly onChange: () => void;
}

export const JobDrawer = ({ id, onClose, onChange }: JobDrawerProps) => {
  const asked = useApi<JobView>(`/api/v1/notifications/${encodeURIComponent(id)}`, {
    on: ["delivery"],
    about: (change) => change.id === id || change.id === "all",
  });
  const { go, query, change } = useQuery();
  const job = asked.value;
  const chosen = query["try"] ?? null;
  const shown = chosen ?? job?.attempts.at(-1)?.number;
  const again = (): void => {
    if (job !== null && may("operate") && isReplayable(job)) void replayIds([job.id]).then(onChange);
  };
  useKeys({ r: again });
  return (
    <Dialog title={job === null ? "Notification" : jobTitle(job)} class="drawer" onClose={onClose}>
      <Loaded of={asked} what="notification">
        {(value) => (
          <>
            <div class="drawer-head">
              <Severity of={value.severity} />
              <State of={value.state} />
              <span>
                to <strong>{value.target_name}</strong>
              </span>
              <span class="dim">
                <Ago at={value.created_at} />
                {value.processing_time === null ? "" : `, done after ${latency(value.processing_time * 1000)}`}
              </span>
              <span class="drawer-tools">
                {value.fingerprints.length === 1 && (
                  <button
                    type="button"
                    onClick={() => go(hrefWith("/alerts", { tab: "all", sel: value.fingerprint, view: "why" }))}
                  >
                    The alert
                  </button>
                )}
                {may("operate") && isReplayable(value) && (
                  <button type="button" class="primary" onClick={again}>
                    Send again
                  </button>
                )}
              </span>
            </div>
            {value.reason !== null && <p class="notice">{reasonText(value.reason)}</p>}
            <h3>Attempts</h3>
            <Attempts of={value} chosen={chosen} onChoose={(attempt) => change({ try: attempt }, true)} />
            <h3>{value.attempts.length === 0 ? "What is sent" : `What was sent with try ${shown}`}</h3>
            <Sent id={value.id} attempt={chosen} />
            {value.fingerprints.length > 1 && (
              <>
                <h3>Alerts in it</h3>
                <ul class="labels">
                  {value.fingerprints.map((fingerprint) => (
                    <li key={fingerprint}>
                      <a href={hrefWith("/alerts", { tab: "all", sel: fingerprint, view: "why" })}>
                        <code>{fingerprint}</code>
                      </a>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </>
        )}
      </Loaded>
    </Dialog>
  );
};
