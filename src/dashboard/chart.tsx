/** Volume over time by severity: bars to drag over, and the same as a table. uPlot is loaded when it is first shown. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { useQuery } from "./query.ts";
import { theme, zone } from "./settings.ts";
import { clock, dayName, duration, shortDate } from "./time.ts";
import type { VolumeView } from "./types.ts";

type Point = VolumeView["points"][number];

const SERIES = [
  { name: "critical", of: (point: Point) => point.critical },
  { name: "warning", of: (point: Point) => point.warning },
  { name: "info", of: (point: Point) => point.info + point.noise },
];

const HEIGHT = 180;
/** A drag shorter than this is a click. */
const MIN_DRAG_PX = 4;

/** A pixel probe turns `light-dark()` into a colour that a canvas knows. */
const colourOf = (parent: HTMLElement, name: string): string => {
  const probe = document.createElement("i");
  probe.className = `probe-${name}`;
  parent.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

interface VolumeProps {
  readonly of: VolumeView;
  /** Called with milliseconds when somebody drags over a part of it. */
  readonly onBrush: (from: number, to: number) => void;
}

const totalOf = (point: Point): number => SERIES.reduce((sum, { of }) => sum + of(point), 0);
const wordsOf = (point: Point): string => SERIES.map(({ name, of }) => `${of(point)} ${name}`).join(", ");
const timeOf = ({ timestamp }: Point): number => Date.parse(timestamp);

const VolumeTable = ({ of, onBrush }: VolumeProps) => {
  const busy = of.points.filter((point) => totalOf(point) > 0).toReversed();
  return (
    <div class="scroll tall">
      <table>
        <caption class="unseen">Alerts that began to fire</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {SERIES.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {busy.map((point) => (
            <tr key={point.timestamp}>
              <td>
                <button
                  type="button"
                  class="link"
                  onClick={() => onBrush(timeOf(point), timeOf(point) + of.step_seconds * 1000)}
                >
                  {shortDate(timeOf(point))}
                </button>
              </td>
              {SERIES.map(({ name, of: countOf }) => (
                <td key={name} class="number">
                  {countOf(point)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {busy.length === 0 && <p class="dim">Nothing began to fire in this range.</p>}
    </div>
  );
};

/** `hour`, `2 m`: what one bar stands for. */
const stepName = (seconds: number): string =>
  duration(seconds * 1000)
    .replace(/^1 h$/, "hour")
    .replace(/^1 m$/, "minute");

/** Stacked by drawing the tallest first: each bar is the sum of itself and those drawn over it. */
const dataOf = ({ points }: VolumeView): uPlot.AlignedData => [
  points.map((point) => timeOf(point) / 1000),
  ...SERIES.map((_, i) => points.map((point) => SERIES.slice(i).reduce((sum, { of }) => sum + of(point), 0))),
];

const axisLabels = (_: uPlot, splits: number[]): string[] =>
  splits.map((seconds) => {
    const label = clock(seconds * 1000);
    return label === "00:00" ? dayName(seconds * 1000) : label;
  });

interface BarsProps extends VolumeProps {
  readonly onPoint: (point: Point | null) => void;
  /** The library could not be loaded, or does not run here. */
  readonly onFailed: () => void;
}

const Bars = ({ of, onBrush, onPoint, onFailed }: BarsProps) => {
  const parent = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef({ of, onBrush, onPoint });
  latest.current = { of, onBrush, onPoint };
  useEffect(() => {
    const element = parent.current;
    if (element === null) return;
    let gone = false;
    let undo = (): void => {};
    void import("uplot").then(({ default: UPlot }) => {
      if (gone) return;
      const bars = UPlot.paths.bars?.({ size: [0.85, 60], align: 1 });
      const axis = { stroke: colourOf(element, "dim"), grid: { stroke: colourOf(element, "line"), width: 1 } };
      const made = new UPlot(
        {
          width: element.clientWidth,
          height: HEIGHT,
          padding: [8, 24, 0, 0],
          legend: { show: false },
          cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
          ...(zone.value === "utc" ? { tzDate: (s: number) => UPlot.tzDate(new Date(s * 1000), "UTC") } : {}),
          scales: {
            // The last bar begins at its time and needs room to end.
            x: { range: (_, min, max) => [min, max + latest.current.of.step_seconds] },
            y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.1))] },
          },
          axes: [
            { ...axis, size: 28, space: 84, values: axisLabels },
            { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20000] },
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
            setCursor: [
              (u) =>
                latest.current.onPoint((u.cursor.idx == null ? null : latest.current.of.points[u.cursor.idx]) ?? null),
            ],
            setSelect: [
              (u) => {
                if (u.select.width < MIN_DRAG_PX) return;
                const from = u.posToVal(u.select.left, "x");
                const to = u.posToVal(u.select.left + u.select.width, "x");
                latest.current.onBrush(Math.floor(from / 60) * 60_000, Math.ceil(to / 60) * 60_000);
              },
            ],
          },
        },
        dataOf(latest.current.of),
        element,
      );
      chart.current = made;
      const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
      observer.observe(element);
      undo = () => {
        observer.disconnect();
        made.destroy();
        chart.current = null;
      };
    }, onFailed);
    return () => {
      gone = true;
      undo();
    };
  }, [theme.value, zone.value]);
  useEffect(() => chart.current?.setData(dataOf(of)), [of]);
  const total = of.points.reduce((sum, point) => sum + totalOf(point), 0);
  return (
    <div ref={parent} class="chart" role="img" aria-label={`${total} alerts began to fire, by severity over time`} />
  );
};

export const Volume = ({ of, onBrush }: VolumeProps) => {
  const { query, change } = useQuery();
  const failed = useSignal(false);
  const asTable = query["chart"] === "table" || failed.value;
  const point = useSignal<Point | null>(null);
  return (
    <>
      <div class="legend">
        {SERIES.map(({ name }) => (
          <span key={name} class={`key-${name}`}>
            {name}
          </span>
        ))}
        <span class="dim">
          {point.value === null
            ? `began to fire, per ${stepName(of.step_seconds)}; drag to zoom`
            : `${shortDate(timeOf(point.value))}: ${wordsOf(point.value)}`}
        </span>
        <button
          type="button"
          class="small"
          aria-pressed={asTable}
          onClick={() => change({ chart: asTable ? null : "table" })}
        >
          Show as table
        </button>
      </div>
      {asTable ? (
        <VolumeTable of={of} onBrush={onBrush} />
      ) : (
        <Bars
          of={of}
          onBrush={onBrush}
          onPoint={(found) => {
            point.value = found;
          }}
          onFailed={() => {
            failed.value = true;
          }}
        />
      )}
    </>
  );
};
