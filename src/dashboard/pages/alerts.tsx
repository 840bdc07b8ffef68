/** The alert list with its filter; one alert opens beside it, several can be silenced together. */
import { useSignal } from "@preact/signals";
import { AlertDrawer } from "../alert-drawer.tsx";
import { TABS, useAlertList } from "../alert-list.ts";
import type { AlertRow } from "../alert-rows.ts";
import { AlertTable } from "../alert-table.tsx";
import { may } from "../api.ts";
import { Dialog } from "../dialog.tsx";
import { addToFilter, matcherText } from "../filter.ts";
import { FilterBar } from "../filter-bar.tsx";
import { useKeys } from "../keys.ts";
import { NothingHere } from "../nothing-here.tsx";
import { hrefWith, useQuery } from "../query.ts";
import { SilenceForm } from "../silence-form.tsx";
import { Loaded } from "../ui.tsx";

/** Labels that all of them have with the same value. */
const commonLabels = (rows: readonly AlertRow[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(rows[0]?.labels ?? {}).filter(([name, value]) => rows.every((row) => row.labels[name] === value)),
  );

const Alerts = () => {
  const { query, path, change } = useQuery();
  const q = query["q"] ?? "";
  const tab = TABS.find(({ id }) => id === query["tab"])?.id ?? "firing";
  const selected = query["sel"] ?? null;
  const cursor = useSignal(-1);
  const scrolled = useSignal(false);
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const chosen = useSignal<ReadonlyMap<string, AlertRow>>(new Map());
  const silencing = useSignal(false);
  // Rows move only under eyes that are not busy with them: otherwise a pill says how many are new.
  const hold = scrolled.value || selected !== null || cursor.value >= 0 || chosen.value.size > 0;
  const { asked, lines, counts, known, groups, older } = useAlertList(query, closed.value, hold);

  const choose = (row: AlertRow, on: boolean): void => {
    const next = new Map(chosen.value);
    if (on) next.set(row.fingerprint, row);
    else next.delete(row.fingerprint);
    chosen.value = next;
  };
  const toggle = (group: string): void => {
    const next = new Set(closed.value);
    if (!next.delete(group)) next.add(group);
    closed.value = next;
  };
  const move = (by: number): void => {
    cursor.value = Math.max(0, Math.min(lines.length - 1, cursor.value + by));
    const line = lines[cursor.value];
    if (selected !== null && line?.kind === "alert") change({ sel: line.row.fingerprint }, true);
  };
  const atCursor = (): AlertRow | null => {
    const line = lines[cursor.value];
    return line?.kind === "alert" ? line.row : null;
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => {
      const line = lines[cursor.value];
      if (line?.kind === "group") toggle(line.group.key);
      else if (line !== undefined) change({ sel: line.row.fingerprint });
    },
    x: () => {
      const row = atCursor();
      if (row !== null && may("operate")) choose(row, !chosen.value.has(row.fingerprint));
    },
    s: () => {
      const row = atCursor();
      if (!may("operate")) return;
      if (chosen.value.size > 0) silencing.value = true;
      else if (row !== null) change({ sel: row.fingerprint, do: "silence" });
    },
    Escape: () => {
      cursor.value = -1;
      chosen.value = new Map();
    },
  });
  const pick = (name: string, value: string, out: boolean): void =>
    change({ q: addToFilter(q, matcherText(name, out ? "!=" : "=", value)), sel: null, view: null, do: null });
  return (
    <>
      <FilterBar value={q} known={known} onChange={(value) => change({ q: value, page: null })} />
      <div class="list-bar">
        <nav class="tabs" aria-label="State">
          {TABS.map(({ id, title }) => (
            <a
              key={id}
              class="tab"
              href={hrefWith(path, query, { tab: id === "firing" ? null : id, sel: null, page: null })}
              aria-current={id === tab ? "page" : undefined}
            >
              {title} {counts[id] === undefined ? "" : `(${counts[id]})`}
            </a>
          ))}
        </nav>
        <div class="quick">
          <select
            aria-label="Group by"
            value={query["group"] ?? ""}
            onChange={(event) => change({ group: event.currentTarget.value })}
          >
            <option value="">no groups</option>
            {[...new Set([...groups, ...(query["group"] === undefined ? [] : [query["group"]])])].map((name) => (
              <option key={name} value={name}>
                by {name}
              </option>
            ))}
          </select>
          <select
            aria-label="Order"
            value={query["sort"] ?? ""}
            onChange={(event) => change({ sort: event.currentTarget.value })}
          >
            <option value="">{tab === "firing" || tab === "suppressed" ? "most urgent first" : "newest first"}</option>
            <option value="urgency">by severity</option>
            <option value="newest">last changed first</option>
            <option value="oldest">longest first</option>
            <option value="name">by name</option>
          </select>
        </div>
      </div>
      {(asked.waiting > 0 || chosen.value.size > 0) && (
        <div class="list-bar sticky">
          {chosen.value.size > 0 && (
            <span class="quick">
              <strong>{chosen.value.size} chosen</strong>
              <button
                type="button"
                class="small"
                onClick={() => {
                  silencing.value = true;
                }}
              >
                Silence them …
              </button>
              <button
                type="button"
                class="small"
                onClick={() => {
                  chosen.value = new Map();
                }}
              >
                Choose none
              </button>
            </span>
          )}
          {asked.waiting > 0 && (
            <button type="button" class="pill" onClick={asked.refresh}>
              {asked.waiting} new {asked.waiting === 1 ? "change" : "changes"}: show
            </button>
          )}
        </div>
      )}
      <Loaded of={asked} what="alerts">
        {() =>
          lines.length > 0 ? (
            <AlertTable
              lines={lines}
              cursor={cursor.value}
              selected={selected}
              chosen={new Set(chosen.value.keys())}
              hrefOf={(row) => hrefWith(path, query, { sel: row.fingerprint })}
              onScrolled={(value) => {
                scrolled.value = value;
              }}
              onToggle={toggle}
              {...(may("operate") && tab !== "resolved" ? { onChoose: choose } : {})}
            />
          ) : (
            <NothingHere tab={tab} q={q} />
          )
        }
      </Loaded>
      {(older !== null || query["page"] !== undefined) && (
        <div class="actions">
          {query["page"] !== undefined && (
            <a class="button" href={hrefWith(path, query, { page: null })}>
              Newest
            </a>
          )}
          {older !== null && (
            <a class="button" href={hrefWith(path, query, { page: older })}>
              Older
            </a>
          )}
        </div>
      )}
      {selected !== null && (
        <AlertDrawer
          key={selected}
          fingerprint={selected}
          onPick={pick}
          onClose={() => change({ sel: null, do: null, view: null })}
        />
      )}
      {silencing.value && (
        <Dialog
          title={`Silence ${chosen.value.size} alerts`}
          class="broad"
          onClose={() => {
            silencing.value = false;
          }}
        >
          <SilenceForm
            labels={commonLabels([...chosen.value.values()])}
            onDone={() => {
              silencing.value = false;
              chosen.value = new Map();
              asked.refresh();
            }}
          />
        </Dialog>
      )}
    </>
  );
};

export default Alerts;
