/** A silence, pre-filled from an alert, with a count of what it would mute before anybody presses the button. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call, session } from "./api.ts";
import { matcherText } from "./filter.ts";
import { readDuration } from "./time.ts";
import type { CurrentAlert } from "./types.ts";
import { useApi } from "./use-api.ts";

interface SilenceFormProps {
  readonly labels: Readonly<Record<string, string>>;
  readonly onDone: () => void;
}

interface Row {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
  readonly on: boolean;
}

/** Labels that name one machine among many: a silence usually means all of them. */
const INSTANCE_LIKE = ["instance", "pod", "container", "replica", "endpoint", "node"];
const QUICK = ["30m", "1h", "4h", "1d", "1w"];
const OPERATORS = { "=": [false, true], "!=": [false, false], "=~": [true, true], "!~": [true, false] } as const;
type Operator = keyof typeof OPERATORS;

const operatorOf = (row: Row): Operator => (row.isRegex ? (row.isEqual ? "=~" : "!~") : row.isEqual ? "=" : "!=");

const Preview = ({ rows }: { readonly rows: readonly Row[] }) => {
  const on = rows.filter((row) => row.on && row.name !== "");
  const filters = on.map((row) => `filter=${encodeURIComponent(matcherText(row.name, operatorOf(row), row.value))}`);
  const asked = useApi<CurrentAlert[]>(on.length === 0 ? null : `/api/v2/alerts?${filters.join("&")}`, {
    follow: false,
  });
  if (on.length === 0) return <p class="notice bad">Choose at least one label: nothing at all cannot be silenced.</p>;
  const names = [...new Set((asked.value ?? []).map((alert) => alert.labels["alertname"] ?? ""))].slice(0, 5);
  return (
    <p class="notice" role="status">
      {asked.error !== null
        ? `What it would mute could not be counted: ${asked.error.message}.`
        : asked.value === null
          ? "Counting …"
          : `Mutes ${asked.value.length} of the alerts that are firing now${names.length > 0 ? `: ${names.join(", ")}` : "."}`}
    </p>
  );
};

export const SilenceForm = ({ labels, onDone }: SilenceFormProps) => {
  const rows = useSignal<readonly Row[]>(
    Object.keys(labels).length === 0
      ? [{ name: "", value: "", isRegex: false, isEqual: true, on: true }]
      : Object.entries(labels).map(([name, value]) => ({
          name,
          value,
          isRegex: false,
          isEqual: true,
          on: !INSTANCE_LIKE.includes(name),
        })),
  );
  const length = useSignal("1h");
  const comment = useSignal("");
  const author = useSignal(session.value?.name ?? "");
  const set = (index: number, change: Partial<Row>): void => {
    rows.value = rows.value.map((row, i) => (i === index ? { ...row, ...change } : row));
  };
  const ms = readDuration(length.value);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (ms === null) return;
    const at = Date.now();
    const done = await attempt(
      () =>
        call("POST", "/api/v2/silences", {
          matchers: rows.value
            .filter((row) => row.on && row.name !== "")
            .map(({ name, value, isRegex, isEqual }) => ({ name, value, isRegex, isEqual })),
          startsAt: new Date(at).toISOString(),
          endsAt: new Date(at + ms).toISOString(),
          createdBy: author.value,
          comment: comment.value,
        }),
      `Silenced for ${length.value}`,
    );
    if (done) onDone();
  };
  return (
    <form class="form panel" aria-label="New silence" onSubmit={(event) => void submit(event)}>
      <div class="silence-rows">
        {rows.value.map((row, index) => (
          <div key={index} class="silence-row">
            <input
              type="checkbox"
              checked={row.on}
              aria-label={`Use ${row.name || "this label"}`}
              onChange={(event) => set(index, { on: event.currentTarget.checked })}
            />
            <input
              aria-label="Label"
              value={row.name}
              onInput={(event) => set(index, { name: event.currentTarget.value })}
            />
            <select
              aria-label="Operator"
              value={operatorOf(row)}
              onChange={(event) => {
                const [isRegex, isEqual] = OPERATORS[event.currentTarget.value as Operator];
                set(index, { isRegex, isEqual });
              }}
            >
              {Object.keys(OPERATORS).map((operator) => (
                <option key={operator}>{operator}</option>
              ))}
            </select>
            <input
              aria-label="Value"
              value={row.value}
              onInput={(event) => set(index, { value: event.currentTarget.value })}
            />
          </div>
        ))}
        <button
          type="button"
          class="small"
          onClick={() => {
            rows.value = [...rows.value, { name: "", value: "", isRegex: false, isEqual: true, on: true }];
          }}
        >
          Add a label
        </button>
      </div>
      <fieldset class="quick" aria-label="For how long">
        {QUICK.map((quick) => (
          <button
            key={quick}
            type="button"
            aria-pressed={length.value === quick}
            class={length.value === quick ? "primary" : ""}
            onClick={() => {
              length.value = quick;
            }}
          >
            {quick}
          </button>
        ))}
        <input
          aria-label="Duration"
          size={6}
          value={length.value}
          onInput={(event) => {
            length.value = event.currentTarget.value;
          }}
        />
        {ms === null && <span class="state bad">write 90m, 4h or 2d</span>}
      </fieldset>
      <div class="row">
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
      <Preview rows={rows.value} />
      <div class="actions">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={ms === null}>
          Silence
        </button>
      </div>
    </form>
  );
};
