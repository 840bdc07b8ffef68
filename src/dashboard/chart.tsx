/** Volume over time by severity: bars to drag over, and the same as a table. uPlot is loaded when it is first shown. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { theme, zone } from "./settings.ts";
import { shortDate } from "./time.ts";
import type { HourView } from "./types.ts";

const SERIES = [
  { name: "critical", of: (hour: HourView) => hour.critical },
  { name: "warning", of: (hour: HourView) => hour.warning },
  { name: "info", of: (hour: HourView) => hour.info_alerts },
];

const HEIGHT = 180;
const HOUR_SECONDS = 3600;

const colour = (element: Element, name: string): string => getComputedStyle(element).getPropertyValue(`--${name}-mark`);

/** A pixel probe turns `light-dark()` into a colour that a canvas knows. */
const colourOf = (parent: HTMLElement, name: string): string => {
  const probe = document.createElement("i");
  probe.className = `probe-${name}`;
  parent.append(probe);
  const found = getComputedStyle(probe).color || colour(parent, name);
  probe.remove();
  return found;
};

interface VolumeProps {
  readonly hours: readonly HourView[];
  /** Called with milliseconds when somebody drags over a part of it. */
  readonly onBrush: (from: number, to: number) => void;
}

const VolumeTable = ({ hours }: { readonly hours: readonly HourView[] }) => (
  <div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Hour</th>
          {SERIES.map(({ name }) => (
            <th key={name} class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {hours
          .filter((hour) => SERIES.some(({ of }) => of(hour) > 0))
          .toReversed()
          .map((hour) => (
            <tr key={hour.timestamp}>
              <td>{shortDate(Date.parse(hour.timestamp))}</td>
              {SERIES.map(({ name, of }) => (
                <td key={name} class="number">
                  {of(hour)}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </table>
  </div>
);

export const Volume = ({ hours, onBrush }: VolumeProps) => {
  const parent = useRef<HTMLDivElement>(null);
  const asTable = useSignal(false);
  const brush = useRef(onBrush);
  brush.current = onBrush;
  useEffect(() => {
    const element = parent.current;
    if (element === null) return;
    let gone = false;
    let undo = (): void => {};
    void import("uplot").then(({ default: UPlot }) => {
      if (gone) return;
      const x = hours.map((hour) => Date.parse(hour.timestamp) / 1000);
      // Stacked by drawing the tallest first: each bar is the sum of itself and those drawn over it.
      const sums = SERIES.map((_, i) => hours.map((h) => SERIES.slice(i).reduce((sum, { of }) => sum + of(h), 0)));
      const bars = UPlot.paths.bars?.({ size: [0.8, 40], align: 1 });
      const axis = { stroke: colourOf(element, "dim"), grid: { stroke: colourOf(element, "line"), width: 1 } };
      const chart = new UPlot(
        {
          width: element.clientWidth,
          height: HEIGHT,
          padding: [8, 8, 0, 0],
          legend: { show: false },
          cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
          ...(zone.value === "utc" ? { tzDate: (s: number) => UPlot.tzDate(new Date(s * 1000), "UTC") } : {}),
          scales: { y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.1))] } },
          axes: [
            { ...axis, size: 34 },
            { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000] },
          ],
          series: [
            {},
            ...SERIES.map(({ name }) => ({
              label: name,
              fill: colourOf(element, name),
              width: 0,
              ...(bars === undefined ? {} : { paths: bars }),
              points: { show: false },
            })),
          ],
          hooks: {
            setSelect: [
              (u) => {
                if (u.select.width < 4) return;
                const from = u.posToVal(u.select.left, "x");
                const to = Math.max(u.posToVal(u.select.left + u.select.width, "x"), from + HOUR_SECONDS);
                brush.current(Math.floor(from) * 1000, Math.ceil(to) * 1000);
              },
            ],
          },
        },
        [x, ...sums],
        element,
      );
      const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
      observer.observe(element);
      undo = () => {
        observer.disconnect();
        chart.destroy();
      };
    });
    return () => {
      gone = true;
      undo();
    };
  }, [hours, theme.value, zone.value, asTable.value]);
  const total = hours.reduce((sum, hour) => sum + SERIES.reduce((s, { of }) => s + of(hour), 0), 0);
  return (
    <>
      <div class="legend">
        {SERIES.map(({ name }) => (
          <span key={name} class={`key-${name}`}>
            {name}
          </span>
        ))}
        <span class="dim">drag to zoom</span>
        <button
          type="button"
          class="small"
          onClick={() => {
            asTable.value = !asTable.value;
          }}
        >
          {asTable.value ? "Show as chart" : "Show as table"}
        </button>
      </div>
      {asTable.value ? (
        <VolumeTable hours={hours} />
      ) : (
        <div
          ref={parent}
          class="chart"
          role="img"
          aria-label={`${total} alerts in ${hours.length} hours, by severity`}
        />
      )}
    </>
  );
};
