/** What the alert list shows: asked of the right path, filtered, ordered and grouped as the address says. */
import { useMemo } from "preact/hooks";
import { type AlertRow, groupRows, ORDERS, type Order, rowOfCurrent, rowOfEvent } from "./alert-rows.ts";
import type { Line } from "./alert-table.tsx";
import { withQuery } from "./api.ts";
import { FIELD_NAMES, fieldValues, readFilter } from "./filter.ts";
import type { Query } from "./query.ts";
import { now, rangeQuery } from "./time.ts";
import type { CurrentAlert, EventList, RouteView } from "./types.ts";
import { type Asked, SETTLE_MS, useApi } from "./use-api.ts";

export const TABS = [
  { id: "firing", title: "Firing" },
  { id: "suppressed", title: "Suppressed" },
  { id: "resolved", title: "Resolved" },
  { id: "all", title: "All events" },
] as const;
export type Tab = (typeof TABS)[number]["id"];

/** Events asked for at once; older ones page by page. */
const EVENTS = 500;
/** A list of thousands is megabytes: it is asked for less often while much changes. */
const MANY = 1_000;
const MANY_EVERY_MS = 10_000;
/** Rows whose labels are offered in the filter. */
const OFFERED_ROWS = 500;

const currentPath = (matchers: readonly string[]): string => {
  const filters = matchers.map((matcher) => `&filter=${encodeURIComponent(matcher)}`);
  return `/api/v2/alerts?details=true${filters.join("")}`;
};

/** Names and values of labels and fields on show. */
const offersOf = (rows: readonly AlertRow[]): Map<string, Set<string>> => {
  const known = new Map<string, Set<string>>();
  const some = rows.slice(0, OFFERED_ROWS);
  for (const row of some) {
    for (const [name, value] of Object.entries(row.labels)) known.set(name, (known.get(name) ?? new Set()).add(value));
  }
  for (const name of FIELD_NAMES) {
    if (name !== "@age" && name !== "@fingerprint") known.set(name, new Set(fieldValues(name.slice(1), some)));
  }
  return known;
};

const receiverTargets = (routes: readonly RouteView[] | undefined): ReadonlyMap<string, readonly string[]> =>
  new Map((routes ?? []).map(({ receiver, targets }) => [receiver, targets === "all" ? [] : targets]));

/** Length of the list as it was read last, by whatever page. */
let lastCount = 0;

export interface AlertList {
  readonly asked: Asked<unknown>;
  readonly rows: readonly AlertRow[];
  readonly lines: readonly Line[];
  /** Of what is known without asking once more. */
  readonly counts: Readonly<Partial<Record<Tab, string>>>;
  readonly known: ReadonlyMap<string, ReadonlySet<string>>;
  readonly groups: readonly string[];
  /** Where older events go on; null: there are none, or they are not asked for. */
  readonly older: string | null;
}

/** `closed` are the groups that somebody folded; while `hold`, changes are only counted. */
export const useAlertList = (query: Query, closed: ReadonlySet<string>, hold: boolean): AlertList => {
  const tab: Tab = TABS.find(({ id }) => id === query["tab"])?.id ?? "firing";
  const q = query["q"] ?? "";
  const group = query["group"] ?? "";
  const isCurrent = tab === "firing" || tab === "suppressed";
  const order: Order = Object.hasOwn(ORDERS, query["sort"] ?? "")
    ? (query["sort"] as Order)
    : isCurrent
      ? "urgency"
      : "newest";
  const chips = useMemo(() => readFilter(q), [q]);
  const matchers = chips.flatMap((chip) => chip.matcher ?? []);
  const routes = useApi<{ routes: RouteView[] }>(q.includes("@target") ? "/api/v1/routes" : null, { on: ["config"] });
  // How many there are is known only from the answer before; the first is asked for at once in any case.
  const current = useApi<CurrentAlert[]>(isCurrent ? currentPath(matchers) : null, {
    on: ["alert", "silence"],
    hold,
    everyMs: lastCount > MANY ? MANY_EVERY_MS : SETTLE_MS,
  });
  lastCount = current.value?.length ?? lastCount;
  const events = useApi<EventList>(
    isCurrent
      ? null
      : withQuery("/history", {
          limit: EVENTS,
          cursor: query["page"],
          matchers: matchers.join(","),
          ...(tab === "resolved" ? { status: "resolved", view: "alerts" } : {}),
          ...rangeQuery(query),
        }),
    { on: ["alert"], hold },
  );
  // Alerts come of age while nothing else changes.
  const at = q.includes("@age") ? now.value : now.peek();
  const all = useMemo(() => {
    const targetsOf = receiverTargets(routes.value?.routes);
    const rows = isCurrent
      ? (current.value ?? []).map((alert) => rowOfCurrent(alert, targetsOf))
      : (events.value?.alerts ?? []).map(rowOfEvent);
    const tests = chips.flatMap((chip) => chip.test ?? []);
    return rows.filter((row) => tests.every((test) => test(row, at)));
  }, [current.value, events.value, routes.value, chips, isCurrent, q.includes("@age") ? at : 0]);
  const rows = useMemo(
    () => (isCurrent ? all.filter(({ state }) => state === tab) : all).toSorted(ORDERS[order]),
    [all, tab, order],
  );
  const folded = [...closed].join("\n");
  const lines = useMemo((): Line[] => {
    if (group === "") return rows.map((row) => ({ kind: "alert", row }));
    return groupRows(rows, group).flatMap((one): Line[] => {
      const open = !closed.has(one.key);
      const members = open ? one.rows.map((row): Line => ({ kind: "alert", row })) : [];
      return [{ kind: "group", group: one, open }, ...members];
    });
  }, [rows, group, folded]);
  const known = useMemo(() => offersOf(all), [all]);
  const more = events.value?.has_next === true ? "+" : "";
  const ofState = (state: AlertRow["state"]): string => String(all.filter((row) => row.state === state).length);
  const counts: AlertList["counts"] = isCurrent
    ? current.value === null
      ? {}
      : { firing: ofState("firing"), suppressed: ofState("suppressed") }
    : events.value === null
      ? {}
      : { [tab]: `${rows.length}${more}` };
  return {
    asked: isCurrent ? current : events,
    rows,
    lines,
    counts,
    known,
    older: isCurrent || events.value?.has_next !== true ? null : (events.value.cursor ?? null),
    groups: [...known.keys()].filter((name) => !name.startsWith("@")).toSorted(),
  };
};
