/** Alerts as a table that draws only the rows in sight, so that five thousand scroll like fifty. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { AlertRow } from "./alert-rows.ts";
import { Ago, Severity, State } from "./ui.tsx";

/** Rows drawn beyond the edge, so that a flick of the wheel shows no gap. */
const SPARE = 12;
/** As the style sheet has it. */
const ROW_PX = 40;
const CARD_PX = 96;

const SHOWN_LABELS = ["namespace", "instance", "job", "service", "cluster", "pod"];

const placeOf = (labels: AlertRow["labels"]): string =>
  SHOWN_LABELS.flatMap((name) => (Object.hasOwn(labels, name) ? [`${name}=${labels[name]}`] : []))
    .slice(0, 3)
    .join("  ");

interface AlertTableProps {
  readonly rows: readonly AlertRow[];
  readonly cursor: number;
  readonly selected: string | null;
  readonly hrefOf: (row: AlertRow) => string;
  readonly onScrolled: (scrolled: boolean) => void;
}

export const AlertTable = ({ rows, cursor, selected, hrefOf, onScrolled }: AlertTableProps) => {
  const table = useRef<HTMLTableElement>(null);
  const first = useSignal(0);
  const shown = useSignal(60);
  const height = useSignal(ROW_PX);
  useEffect(() => {
    const measure = (): void => {
      const top = table.current?.getBoundingClientRect().top ?? 0;
      height.value = matchMedia("(max-width: 640px)").matches ? CARD_PX : ROW_PX;
      first.value = Math.max(0, Math.floor(-top / height.value) - SPARE);
      shown.value = Math.ceil(innerHeight / height.value) + 2 * SPARE;
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
    if (top < 120 || top > innerHeight - 80) scrollBy({ top: top - innerHeight / 2 });
  }, [cursor]);
  const from = Math.min(first.value, Math.max(0, rows.length - 1));
  const visible = rows.slice(from, from + shown.value);
  const below = Math.max(0, rows.length - from - visible.length);
  return (
    <table class="alerts" ref={table} aria-rowcount={rows.length}>
      <thead>
        <tr>
          <th class="c-severity">Severity</th>
          <th>Alert</th>
          <th class="c-place">Where</th>
          <th>Summary</th>
          <th class="c-state">State</th>
          <th class="c-time">Since</th>
        </tr>
      </thead>
      <tbody>
        {from > 0 && <tr class="space" style={{ height: `${from * height.value}px` }} />}
        {visible.map((row, i) => (
          <tr
            key={row.id}
            aria-rowindex={from + i + 1}
            class={`${from + i === cursor ? "cursor" : ""} ${row.fingerprint === selected ? "selected" : ""}`}
          >
            <td>
              <Severity of={row.severity} />
            </td>
            <td>
              <a href={hrefOf(row)}>{row.name || "(no name)"}</a>
            </td>
            <td class="dim">{placeOf(row.labels)}</td>
            <td title={row.summary}>{row.summary}</td>
            <td>
              <State of={row.state} label={row.note === "" ? row.state : row.note} />
            </td>
            <td>
              <Ago at={row.state === "firing" || row.state === "suppressed" ? row.startsAt : row.changedAt} />
            </td>
          </tr>
        ))}
        {below > 0 && <tr class="space" style={{ height: `${below * height.value}px` }} />}
      </tbody>
    </table>
  );
};
