/** Alerts as a table that draws only the rows in sight, so that five thousand scroll like fifty. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { AlertRow, Group } from "./alert-rows.ts";
import { placeOf, placeWithNames } from "./place.ts";
import { Ago, Severity, State } from "./ui.tsx";

/** Rows drawn beyond the edge, so that a flick of the wheel shows no gap. */
const SPARE = 5;
/** As the style sheet has it. */
const ROW_PX = 40;
const CARD_PX = 116;
/** The bar on top covers this much of the page. */
const TOP_PX = 120;

/** What stands in one line: an alert, or the head of its group. */
export type Line =
  | { readonly kind: "alert"; readonly row: AlertRow }
  | { readonly kind: "group"; readonly group: Group; readonly open: boolean };

interface AlertTableProps {
  readonly lines: readonly Line[];
  readonly cursor: number;
  readonly selected: string | null;
  readonly chosen: ReadonlySet<string>;
  readonly hrefOf: (row: AlertRow) => string;
  readonly onScrolled: (scrolled: boolean) => void;
  readonly onToggle: (group: string) => void;
  /** Absent where nobody may do anything with what is chosen. */
  readonly onChoose?: (row: AlertRow, on: boolean) => void;
}

const GroupLine = ({
  line,
  onToggle,
}: {
  readonly line: Line & { kind: "group" };
  readonly onToggle: AlertTableProps["onToggle"];
}) => (
  <td class="group-head" colSpan={7}>
    <button type="button" class="link" aria-expanded={line.open} onClick={() => onToggle(line.group.key)}>
      <span aria-hidden="true">{line.open ? "▾" : "▸"}</span> {line.group.key || "(without)"}
    </button>{" "}
    <Severity of={line.group.worst} /> <span class="dim">{line.group.rows.length}</span>
  </td>
);

interface AlertLineProps extends Pick<AlertTableProps, "onChoose"> {
  readonly row: AlertRow;
  readonly href: string;
  readonly isChosen: boolean;
}

const AlertLine = ({ row, href, isChosen, onChoose }: AlertLineProps) => (
  <>
    <td class="c-choose">
      {onChoose !== undefined && (
        <input
          type="checkbox"
          aria-label={`Choose ${row.name}`}
          checked={isChosen}
          onChange={(event) => onChoose(row, event.currentTarget.checked)}
        />
      )}
    </td>
    <td>
      <Severity of={row.severity} />
    </td>
    <td>
      <a href={href} title={row.name}>
        {row.name || "(no name)"}
      </a>
    </td>
    <td class="dim" title={placeWithNames(row.labels)}>
      {placeOf(row.labels)}
    </td>
    <td title={row.summary}>{row.summary}</td>
    <td>
      <State of={row.state} label={row.note === "" ? row.state : row.note} />
    </td>
    <td class="nowrap">
      <Ago at={row.state === "resolved" ? row.changedAt : row.startsAt} suffix="" />
    </td>
  </>
);

interface Drawn {
  readonly row: AlertRow;
  readonly href: string;
  readonly isChosen: boolean;
  readonly cells: VNode;
}

/** Cells as they were drawn before, where nothing in them changed: a step of the cursor then touches two rows only. */
const useDrawn = (onChoose: AlertTableProps["onChoose"]) => {
  const before = useRef(new Map<string, Drawn>());
  const now = new Map<string, Drawn>();
  const cellsOf = (row: AlertRow, href: string, isChosen: boolean): VNode => {
    const known = before.current.get(row.id);
    const same = known !== undefined && known.row === row && known.href === href && known.isChosen === isChosen;
    const cells = same ? (
      known.cells
    ) : (
      <AlertLine row={row} href={href} isChosen={isChosen} {...(onChoose === undefined ? {} : { onChoose })} />
    );
    now.set(row.id, { row, href, isChosen, cells });
    return cells;
  };
  useLayoutEffect(() => {
    before.current = now;
  });
  return cellsOf;
};

export const AlertTable = (props: AlertTableProps) => {
  const { lines, cursor, selected, chosen, hrefOf, onScrolled, onToggle, onChoose } = props;
  const cellsOf = useDrawn(onChoose);
  const table = useRef<HTMLTableElement>(null);
  const first = useSignal(0);
  const shown = useSignal(60);
  const height = useSignal(ROW_PX);
  useEffect(() => {
    const measure = (): void => {
      const top = table.current?.getBoundingClientRect().top ?? 0;
      height.value = matchMedia("(max-width: 640px)").matches ? CARD_PX : ROW_PX;
      // In whole steps, so that most scrolling changes nothing at all.
      const from = Math.floor(-top / height.value / SPARE) * SPARE - SPARE;
      first.value = Math.max(0, from);
      shown.value = Math.ceil(innerHeight / height.value) + 3 * SPARE;
      onScrolled(scrollY > 200);
    };
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, []);
  useLayoutEffect(() => {
    if (cursor < 0) return;
    const top = (table.current?.getBoundingClientRect().top ?? 0) + cursor * height.value;
    if (top < TOP_PX || top > innerHeight - 2 * height.value) scrollBy({ top: top - innerHeight / 2 });
  }, [cursor]);
  const from = Math.min(first.value, Math.max(0, lines.length - 1));
  const visible = lines.slice(from, from + shown.value);
  const below = Math.max(0, lines.length - from - visible.length);
  return (
    <table class="alerts" ref={table} aria-rowcount={lines.length + 1}>
      <caption class="unseen">Alerts</caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" class="c-choose">
            <span class="unseen">Choose</span>
          </th>
          <th scope="col" class="c-severity">
            Severity
          </th>
          <th scope="col">Alert</th>
          <th scope="col" class="c-place">
            Where
          </th>
          <th scope="col" class="c-summary">
            Summary
          </th>
          <th scope="col" class="c-state">
            State
          </th>
          <th scope="col" class="c-time">
            For
          </th>
        </tr>
      </thead>
      <tbody>
        {from > 0 && <tr class="space" style={{ height: `${from * height.value}px` }} />}
        {visible.map((line, i) => {
          const at = from + i;
          const isCursor = at === cursor ? "cursor" : "";
          if (line.kind === "group") {
            return (
              <tr key={`group ${line.group.key}`} aria-rowindex={at + 2} class={`group ${isCursor}`}>
                <GroupLine line={line} onToggle={onToggle} />
              </tr>
            );
          }
          const { row } = line;
          return (
            <tr
              key={row.id}
              aria-rowindex={at + 2}
              class={`${isCursor} ${row.fingerprint === selected ? "selected" : ""}`}
            >
              {cellsOf(row, hrefOf(row), chosen.has(row.fingerprint))}
            </tr>
          );
        })}
        {below > 0 && <tr class="space" style={{ height: `${below * height.value}px` }} />}
      </tbody>
    </table>
  );
};
