/** The alert list with its filter; one alert opens beside it. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { AlertDrawer } from "../alert-drawer.tsx";
import { type AlertRow, byUrgency, rowOfCurrent, rowOfEvent } from "../alert-rows.ts";
import { AlertTable } from "../alert-table.tsx";
import { withQuery } from "../api.ts";
import { addToFilter, matcherText, readFilter } from "../filter.ts";
import { FilterBar } from "../filter-bar.tsx";
import { FirstAlert } from "../first-alert.tsx";
import { useKeys } from "../keys.ts";
import { paused, refreshAll, revision } from "../live.ts";
import { hrefWith, useQuery } from "../query.ts";
import { now, rangeQuery } from "../time.ts";
import type { CurrentAlert, EventList } from "../types.ts";
import { Empty, Loaded } from "../ui.tsx";
import { type Asked, useApi } from "../use-api.ts";

const TABS = [
  { id: "firing", title: "Firing" },
  { id: "suppressed", title: "Suppressed" },
  { id: "resolved", title: "Resolved" },
  { id: "all", title: "All events" },
] as const;
type Tab = (typeof TABS)[number]["id"];

/** Events asked for at once; older ones by a narrower range or filter. */
const EVENTS = 500;

const currentPath = (tab: Tab, matchers: readonly string[]): string => {
  const filters = matchers.map((matcher) => `&filter=${encodeURIComponent(matcher)}`).join("");
  return `/api/v2/alerts?active=${tab === "firing"}&unprocessed=${tab === "firing"}&silenced=${tab !== "firing"}&inhibited=${tab !== "firing"}&muted=${tab !== "firing"}${filters}`;
};

/** Names and values of the labels on show. */
const knownLabels = (rows: readonly AlertRow[]): Map<string, Set<string>> => {
  const known = new Map<string, Set<string>>();
  for (const row of rows.slice(0, 500)) {
    for (const [name, value] of Object.entries(row.labels)) {
      const values = known.get(name) ?? new Set();
      known.set(name, values.add(value));
    }
  }
  return known;
};

const useRows = (tab: Tab, q: string) => {
  const { query } = useQuery();
  const chips = readFilter(q);
  const matchers = chips.flatMap((chip) => chip.matcher ?? []);
  const isCurrent = tab === "firing" || tab === "suppressed";
  const current = useApi<CurrentAlert[]>(isCurrent ? currentPath(tab, matchers) : null, { follow: false });
  const events = useApi<EventList>(
    isCurrent
      ? null
      : withQuery("/history", {
          limit: EVENTS,
          matchers: matchers.join(","),
          ...(tab === "resolved" ? { status: "resolved", view: "alerts" } : {}),
          ...rangeQuery(query),
        }),
    { follow: false },
  );
  const asked = isCurrent ? current : events;
  const rows = useMemo(() => {
    const all = isCurrent ? current.value?.map(rowOfCurrent).toSorted(byUrgency) : events.value?.alerts.map(rowOfEvent);
    const tests = chips.flatMap((chip) => chip.test ?? []);
    return (all ?? []).filter((row) => tests.every((test) => test(row, now.value)));
  }, [current.value, events.value, q, isCurrent]);
  return { asked, rows, more: !isCurrent && events.value?.has_next === true };
};

const Alerts = () => {
  const { query, path, change } = useQuery();
  const tab: Tab = TABS.find(({ id }) => id === query["tab"])?.id ?? "firing";
  const q = query["q"] ?? "";
  const selected = query["sel"] ?? null;
  const { asked, rows, more } = useRows(tab, q);
  const cursor = useSignal(-1);
  const scrolled = useSignal(false);
  const waiting = useSignal(0);

  // Rows move only under eyes that are not busy with them: otherwise a pill says that there is more.
  const seen = useRef(revision.peek());
  useEffect(() => {
    if (revision.value === seen.current) return;
    seen.current = revision.value;
    if (scrolled.peek() || selected !== null || cursor.peek() >= 0) waiting.value += 1;
    else asked.refresh();
  }, [revision.value]);
  const take = (): void => {
    waiting.value = 0;
    asked.refresh();
  };
  const open = (row: AlertRow | undefined): void => {
    if (row !== undefined) change({ sel: row.fingerprint });
  };
  const move = (by: number): void => {
    cursor.value = Math.max(0, Math.min(rows.length - 1, cursor.value + by));
    if (selected !== null) change({ sel: rows[cursor.value]?.fingerprint ?? null }, true);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => open(rows[cursor.value]),
    s: () => {
      const row = rows[cursor.value];
      if (row !== undefined) change({ sel: row.fingerprint, do: "silence" });
    },
    Escape: () => {
      cursor.value = -1;
    },
  });
  const known = useMemo(() => knownLabels(rows), [rows]);
  const pick = (name: string, value: string, out: boolean): void =>
    change({ q: addToFilter(q, matcherText(name, out ? "!=" : "=", value)) });
  const pill = useComputed(() => waiting.value > 0 && !paused.value);
  return (
    <>
      <FilterBar value={q} known={known} onChange={(value) => change({ q: value })} />
      <nav class="tabs" aria-label="State">
        {TABS.map(({ id, title }) => (
          <a
            key={id}
            class="tab"
            href={hrefWith(path, query, { tab: id === "firing" ? null : id, sel: null })}
            aria-current={id === tab ? "page" : undefined}
          >
            {title} {id === tab && asked.value !== null ? `(${rows.length}${more ? "+" : ""})` : ""}
          </a>
        ))}
        {pill.value && (
          <button type="button" class="pill" onClick={take}>
            New changes, show them
          </button>
        )}
        {paused.value && (
          <button type="button" class="pill" onClick={refreshAll}>
            Paused
          </button>
        )}
      </nav>
      <Loaded of={asked as Asked<unknown>} what="alerts">
        {() =>
          rows.length > 0 ? (
            <AlertTable
              rows={rows}
              cursor={cursor.value}
              selected={selected}
              hrefOf={(row) => hrefWith(path, query, { sel: row.fingerprint })}
              onScrolled={(value) => {
                scrolled.value = value;
              }}
            />
          ) : q !== "" ? (
            <Empty title="No alert matches this filter.">
              <button type="button" onClick={() => change({ q: null })}>
                Clear the filter
              </button>
            </Empty>
          ) : tab === "all" ? (
            <FirstAlert />
          ) : (
            <Empty title={tab === "firing" ? "Nothing is firing." : `Nothing is ${tab} in this range.`}>
              <p>
                {tab === "firing" ? "What has happened before is under " : "Everything that happened is under "}
                <a href={hrefWith(path, query, { tab: "all" })}>All events</a>.
              </p>
            </Empty>
          )
        }
      </Loaded>
      {selected !== null && (
        <AlertDrawer
          key={selected}
          fingerprint={selected}
          onPick={pick}
          onClose={() => change({ sel: null, do: null, view: null })}
        />
      )}
    </>
  );
};

export default Alerts;
