/** The time range of a page: presets, or from and to by hand; kept in the address. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useKeys } from "./keys.ts";
import { useQuery } from "./query.ts";
import { zone } from "./settings.ts";
import { now, RANGE_WORDS, readRange, shortDate, zoneName } from "./time.ts";

/** What a `datetime-local` field holds, in the zone that is shown. */
const fieldOf = (ms: number): string => {
  const offset = zone.value === "utc" ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offset).toISOString().slice(0, 16);
};
const timeOf = (field: string): number => Date.parse(zone.value === "utc" ? `${field}Z` : field);

export const RangePicker = () => {
  const { query, change } = useQuery();
  const open = useSignal(false);
  const select = useRef<HTMLSelectElement>(null);
  const range = readRange(query, now.value);
  const from = useSignal("");
  const to = useSignal("");
  useKeys({ t: () => select.current?.focus() });
  const pick = (value: string): void => {
    if (value !== "custom") {
      change({ range: value, from: null, to: null });
      return;
    }
    from.value = fieldOf(range.from);
    to.value = fieldOf(range.to);
    open.value = true;
  };
  const apply = (event: Event): void => {
    event.preventDefault();
    const [start, end] = [timeOf(from.value), timeOf(to.value)];
    if (!(start < end)) return;
    open.value = false;
    change({ range: null, from: new Date(start).toISOString(), to: new Date(end).toISOString() });
  };
  return (
    <>
      <select
        ref={select}
        aria-label="Time range"
        value={range.name ?? "chosen"}
        onChange={(event) => pick(event.currentTarget.value)}
      >
        {Object.entries(RANGE_WORDS).map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
        {range.name === null && (
          <option value="chosen">
            {shortDate(range.from)} – {shortDate(range.to)}
          </option>
        )}
        <option value="custom">from – to …</option>
      </select>
      {open.value && (
        <form class="custom-range" onSubmit={apply}>
          <label>
            From ({zoneName()})
            <input
              type="datetime-local"
              value={from.value}
              onInput={(event) => {
                from.value = event.currentTarget.value;
              }}
            />
          </label>
          <label>
            To
            <input
              type="datetime-local"
              value={to.value}
              onInput={(event) => {
                to.value = event.currentTarget.value;
              }}
            />
          </label>
          <button type="submit" class="primary" disabled={!(timeOf(from.value) < timeOf(to.value))}>
            Apply
          </button>
          <button
            type="button"
            onClick={() => {
              open.value = false;
            }}
          >
            Cancel
          </button>
        </form>
      )}
    </>
  );
};
