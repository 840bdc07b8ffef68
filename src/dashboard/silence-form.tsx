/** A silence, pre-filled from an alert or from an older one, with a count of what it would mute before it is made. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call, session } from "./api.ts";
import { matchersOf, REPEATS, type Row, rowsFromLabels, rowsFromSilence } from "./silence-draft.ts";
import { Length, Rows } from "./silence-fields.tsx";
import { Preview } from "./silence-preview.tsx";
import { readDuration, shortDate, zoneName } from "./time.ts";
import type { SilenceView } from "./types.ts";

interface SilenceFormProps {
  readonly labels?: Readonly<Record<string, string>>;
  /** A silence to change, or to make again when it is over. */
  readonly from?: SilenceView | undefined;
  readonly onDone: () => void;
}

const QUICK = ["30m", "1h", "4h", "1d", "1w"];
/** How long a silence that comes again goes on. */
const REPEAT_UNTIL = ["1w", "4w", "12w", "52w"];

export const SilenceForm = ({ labels = {}, from, onDone }: SilenceFormProps) => {
  const rows = useSignal<readonly Row[]>(from === undefined ? rowsFromLabels(labels) : rowsFromSilence(from));
  const length = useSignal(from?.recurrence == null ? "1h" : `${Math.round(from.recurrence.duration_seconds / 60)}m`);
  const repeat = useSignal<string>(from?.recurrence?.rule ?? "");
  const until = useSignal("4w");
  const comment = useSignal(from?.comment ?? "");
  const author = useSignal(session.value?.name ?? "");
  const broad = useSignal(false);
  const meant = useSignal(false);
  const matchers = matchersOf(rows.value);
  const ms = readDuration(length.value);
  const wholeMs = repeat.value === "" ? ms : readDuration(until.value);
  // A change keeps its id; what is over gets a new one, as the server decides.
  const changes = from !== undefined && from.status.state !== "expired";
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (ms === null || wholeMs === null || matchers.length === 0) return;
    const at = Date.now();
    const recurrence =
      repeat.value === ""
        ? {}
        : {
            recurrence: {
              rule: repeat.value,
              time_zone: from?.recurrence?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
              duration_seconds: ms / 1000,
            },
          };
    const done = await attempt(
      () =>
        call("POST", "/api/v2/silences", {
          ...(changes ? { id: from.id } : {}),
          matchers,
          startsAt: new Date(changes ? Math.min(at, Date.parse(from.startsAt)) : at).toISOString(),
          endsAt: new Date(at + wholeMs).toISOString(),
          createdBy: author.value,
          comment: comment.value,
          ...recurrence,
          ...(meant.value ? { force: true } : {}),
        }),
      `Silenced for ${length.value}`,
    );
    if (done) onDone();
  };
  return (
    <form
      class="form panel"
      aria-label={changes ? "Change the silence" : "New silence"}
      onSubmit={(event) => void submit(event)}
    >
      <Rows
        of={rows.value}
        onChange={(value) => {
          rows.value = value;
        }}
      />
      <Preview
        matchers={matchers}
        onBroad={(value) => {
          broad.value = value;
        }}
      />
      <Length
        title={repeat.value === "" ? "For how long" : "For how long each time"}
        quick={QUICK}
        value={length.value}
        onChange={(value) => {
          length.value = value;
        }}
      />
      <div class="row">
        <label>
          How often
          <select
            value={repeat.value}
            onChange={(event) => {
              repeat.value = event.currentTarget.value;
            }}
          >
            {REPEATS.map(([rule, title]) => (
              <option key={rule} value={rule}>
                {title}
              </option>
            ))}
            {REPEATS.every(([rule]) => rule !== repeat.value) && <option value={repeat.value}>{repeat.value}</option>}
          </select>
        </label>
        <label>
          Why
          <input
            required
            value={comment.value}
            onInput={(event) => {
              comment.value = event.currentTarget.value;
            }}
          />
        </label>
        <label>
          Who
          <input
            required
            value={author.value}
            onInput={(event) => {
              author.value = event.currentTarget.value;
            }}
          />
        </label>
      </div>
      {repeat.value !== "" && (
        <Length
          title="And that until"
          quick={REPEAT_UNTIL}
          value={until.value}
          onChange={(value) => {
            until.value = value;
          }}
        />
      )}
      {broad.value && (
        <label class="check">
          <input
            type="checkbox"
            checked={meant.value}
            onChange={(event) => {
              meant.value = event.currentTarget.checked;
            }}
          />
          I mean it: more than half of what fires is muted
        </label>
      )}
      <div class="actions">
        {wholeMs !== null && (
          <span class="dim">
            ends {shortDate(Date.now() + wholeMs)} {zoneName()}
          </span>
        )}
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={ms === null || wholeMs === null || matchers.length === 0}>
          {changes ? "Change the silence" : "Silence"}
        </button>
      </div>
    </form>
  );
};
