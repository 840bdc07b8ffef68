/** Silences: who mutes what, for how long and why; a new one, and an end to an old one. */
import { useSignal } from "@preact/signals";
import { attempt } from "../announce.ts";
import { call, may } from "../api.ts";
import { matcherText } from "../filter.ts";
import { SilenceForm } from "../silence-form.tsx";
import type { Matcher, SilenceView } from "../types.ts";
import { Ago, Empty, Loaded, Panel, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const operatorOf = ({ isRegex, isEqual }: Matcher) => (isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=");

const HOUR_MS = 3_600_000;

const extend = (silence: SilenceView): Promise<unknown> =>
  call("POST", "/api/v2/silences", {
    id: silence.id,
    matchers: silence.matchers,
    startsAt: silence.startsAt,
    endsAt: new Date(Math.max(Date.now(), Date.parse(silence.endsAt)) + HOUR_MS).toISOString(),
    createdBy: silence.createdBy,
    comment: silence.comment,
    recurrence: silence.recurrence ?? null,
  });

interface RowsProps {
  readonly of: readonly SilenceView[];
  readonly onChange: () => void;
}

const Rows = ({ of, onChange }: RowsProps) => (
  <table class="cards">
    <thead>
      <tr>
        <th>State</th>
        <th>What</th>
        <th>Why</th>
        <th>Who</th>
        <th>Ends</th>
        <th>
          <span class="unseen">Actions</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {of.map((silence) => (
        <tr key={silence.id}>
          <td>
            <State of={silence.status.state} />
          </td>
          <td>
            <ul class="labels">
              {silence.matchers.map((matcher) => {
                const text = matcherText(matcher.name, operatorOf(matcher), matcher.value);
                return (
                  <li key={text}>
                    <code class="label">{text}</code>
                  </li>
                );
              })}
            </ul>
            {silence.recurrence != null && (
              <span class="dim">
                again: {silence.recurrence.rule} ({silence.recurrence.time_zone})
              </span>
            )}
          </td>
          <td>{silence.comment}</td>
          <td>{silence.createdBy}</td>
          <td class="nowrap">
            <Ago at={silence.endsAt} />
          </td>
          <td class="nowrap">
            {may("operate") && silence.status.state !== "expired" && (
              <>
                <button
                  type="button"
                  class="small"
                  onClick={() => void attempt(() => extend(silence), "Extended by an hour").then(onChange)}
                >
                  + 1 h
                </button>{" "}
                <button
                  type="button"
                  class="small"
                  onClick={() =>
                    void attempt(
                      () => call("DELETE", `/api/v2/silence/${encodeURIComponent(silence.id)}`),
                      "Ended",
                    ).then(onChange)
                  }
                >
                  End it
                </button>
              </>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

const Silences = () => {
  const asked = useApi<SilenceView[]>("/api/v2/silences");
  const making = useSignal(false);
  return (
    <>
      {may("operate") && !making.value && (
        <p>
          <button
            type="button"
            class="primary"
            onClick={() => {
              making.value = true;
            }}
          >
            New silence
          </button>
        </p>
      )}
      {making.value && (
        <SilenceForm
          labels={{}}
          onDone={() => {
            making.value = false;
            asked.refresh();
          }}
        />
      )}
      <Loaded of={asked} what="silences">
        {(silences) => {
          const open = silences.filter(({ status }) => status.state !== "expired");
          const over = silences.filter(({ status }) => status.state === "expired");
          return (
            <>
              <Panel title={`Active and pending (${open.length})`}>
                {open.length > 0 ? (
                  <Rows of={open} onChange={asked.refresh} />
                ) : (
                  <Empty title="Nothing is silenced.">
                    <p>
                      Open a firing <a href="/alerts">alert</a> and press <kbd>s</kbd> to silence it.
                    </p>
                  </Empty>
                )}
              </Panel>
              {over.length > 0 && (
                <Panel title={`Expired (${over.length})`}>
                  <Rows of={over} onChange={asked.refresh} />
                </Panel>
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
};

export default Silences;
