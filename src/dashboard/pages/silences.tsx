/** Silences: who mutes what, for how long and why; a new one, a change of one, and an end to it. */
import { attempt } from "../announce.ts";
import { call, may } from "../api.ts";
import { Dialog } from "../dialog.tsx";
import { matcherText } from "../filter.ts";
import { useKeys } from "../keys.ts";
import { hrefWith, useQuery } from "../query.ts";
import { Calendar } from "../silence-calendar.tsx";
import { operatorOf, recurrenceText } from "../silence-draft.ts";
import { SilenceForm } from "../silence-form.tsx";
import { duration } from "../time.ts";
import type { CurrentAlert, SilenceView } from "../types.ts";
import { Ago, At, Cell, count, Empty, Loaded, Panel, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const HOUR_MS = 3_600_000;

const extend = (silence: SilenceView): Promise<unknown> =>
  call("POST", "/api/v2/silences", {
    ...silence,
    endsAt: new Date(Math.max(Date.now(), Date.parse(silence.endsAt)) + HOUR_MS).toISOString(),
    // What it mutes has been decided before.
    force: true,
  });

const end = (silence: SilenceView): Promise<unknown> =>
  call("DELETE", `/api/v2/silence/${encodeURIComponent(silence.id)}`);

interface RowProps {
  readonly of: SilenceView;
  /** How many firing alerts it keeps quiet now; null: not known yet. */
  readonly mutes: number | null;
  readonly onChange: () => void;
}

const Actions = ({ of, onChange }: Pick<RowProps, "of" | "onChange">) => {
  const { path, query } = useQuery();
  if (!may("operate")) return null;
  const isOver = of.status.state === "expired";
  return (
    <div class="quick">
      {!isOver && (
        <button
          type="button"
          class="small"
          onClick={() => void attempt(() => extend(of), "One hour longer").then(onChange)}
        >
          + 1 h
        </button>
      )}
      <a class="button small" href={hrefWith(path, query, { edit: of.id })}>
        {isOver ? "Make again …" : "Change …"}
      </a>
      {!isOver && (
        <button type="button" class="small" onClick={() => void attempt(() => end(of), "Ended").then(onChange)}>
          End it
        </button>
      )}
    </div>
  );
};

const SilenceRow = ({ of, mutes, onChange }: RowProps) => {
  const filter = of.matchers.map((matcher) => matcherText(matcher.name, operatorOf(matcher), matcher.value));
  return (
    <tr>
      <td>
        <State of={of.status.state} />
      </td>
      <td>
        <ul class="labels">
          {filter.toSorted().map((text) => (
            <li key={text}>
              <code class="label">{text}</code>
            </li>
          ))}
        </ul>
        {of.recurrence != null && (
          <span class="dim">
            {recurrenceText(of.recurrence)}, {duration(of.recurrence.duration_seconds * 1000)} each time
          </span>
        )}
      </td>
      <Cell of="mutes" class="number">
        {of.status.state === "active" ? (
          <a href={hrefWith("/alerts", { tab: "suppressed", q: filter.join(", ") })}>{count(mutes)}</a>
        ) : (
          <span class="dim">–</span>
        )}
      </Cell>
      <Cell of="why">{of.comment}</Cell>
      <Cell of="who" class="nowrap">
        {of.createdBy}
      </Cell>
      <Cell of="ends" class="nowrap">
        <Ago at={of.endsAt} />
        <div class="dim">
          <At at={of.endsAt} />
        </div>
      </Cell>
      <td>
        <Actions of={of} onChange={onChange} />
      </td>
    </tr>
  );
};

interface TableProps {
  readonly of: readonly SilenceView[];
  readonly muted: ReadonlyMap<string, number> | null;
  readonly onChange: () => void;
}

const Table = ({ of, muted, onChange }: TableProps) => (
  <table class="cards many">
    <caption class="unseen">Silences</caption>
    <thead>
      <tr>
        <th scope="col">State</th>
        <th scope="col">What</th>
        <th scope="col" class="number">
          Mutes now
        </th>
        <th scope="col">Why</th>
        <th scope="col">Who</th>
        <th scope="col">Ends</th>
        <th scope="col">
          <span class="unseen">Actions</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {of.map((silence) => (
        <SilenceRow
          key={silence.id}
          of={silence}
          mutes={muted === null ? null : (muted.get(silence.id) ?? 0)}
          onChange={onChange}
        />
      ))}
    </tbody>
  </table>
);

/** How many alerts each silence keeps quiet. */
const countMuted = (alerts: readonly CurrentAlert[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const id of alerts.flatMap(({ status }) => status.silencedBy)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
};

const Silences = () => {
  const { query, change } = useQuery();
  const asked = useApi<SilenceView[]>("/api/v2/silences", { on: ["silence"] });
  const quiet = useApi<CurrentAlert[]>("/api/v2/alerts?active=false&inhibited=false&unprocessed=false", {
    on: ["alert", "silence"],
    everyMs: 5_000,
  });
  const muted = quiet.value === null ? null : countMuted(quiet.value);
  const edited = asked.value?.find(({ id }) => id === query["edit"]);
  const making = query["edit"] === "new" || edited !== undefined;
  const close = (): void => change({ edit: null });
  const refresh = (): void => {
    asked.refresh();
    quiet.refresh();
  };
  useKeys({
    s: () => {
      if (may("operate")) change({ edit: "new" });
    },
  });
  return (
    <>
      {may("operate") && (
        <p>
          <button type="button" class="primary" onClick={() => change({ edit: "new" })}>
            New silence
          </button>
        </p>
      )}
      <Loaded of={asked} what="silences">
        {(silences) => {
          const open = silences.filter(({ status }) => status.state !== "expired");
          const over = silences.filter(({ status }) => status.state === "expired");
          return (
            <>
              <Panel title={`Active and pending (${open.length})`}>
                {open.length > 0 ? (
                  <Table of={open} muted={muted} onChange={refresh} />
                ) : (
                  <Empty title="Nothing is silenced.">
                    <p>
                      Open a firing <a href="/alerts">alert</a> and press <kbd>s</kbd> to silence it.
                    </p>
                  </Empty>
                )}
              </Panel>
              <Panel title="The next two weeks">
                <Calendar silences={silences} />
              </Panel>
              {over.length > 0 && (
                <Panel title={`Expired (${over.length})`}>
                  <Table of={over} muted={muted} onChange={refresh} />
                </Panel>
              )}
            </>
          );
        }}
      </Loaded>
      {making && may("operate") && (
        <Dialog
          title={
            edited === undefined
              ? "New silence"
              : edited.status.state === "expired"
                ? "Silence again"
                : "Change the silence"
          }
          class="broad"
          onClose={close}
        >
          <SilenceForm
            from={edited}
            onDone={() => {
              close();
              refresh();
            }}
          />
        </Dialog>
      )}
    </>
  );
};

export default Silences;
