/** The text Prometheus scrapes (exposition format 0.0.4), written by hand: families in, text out. */

export type MetricType = "counter" | "gauge" | "histogram";

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

export type MetricLabels = Readonly<Record<string, string>>;

const escapeValue = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

/** A series as it is written: the name and its labels in alphabetical order. It is also its key wherever it is kept. */
export const seriesOf = (name: string, labels: MetricLabels = {}): string => {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${escapeValue(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
};

/** The name a series begins with. */
export const nameOf = (series: string): string => series.split("{", 1)[0] ?? "";

const numberText = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
};

/** Buckets by their bound, whatever else is written before it; everything else by text. */
const compare = ([a]: readonly [string, number], [b]: readonly [string, number]): number => {
  const bound = /le="([^"]*)"/;
  const [boundA, boundB] = [bound.exec(a)?.[1], bound.exec(b)?.[1]];
  if (boundA !== undefined && boundB !== undefined && a.replace(bound, "") === b.replace(bound, "")) {
    return Number(boundA.replace("+Inf", "Infinity")) - Number(boundB.replace("+Inf", "Infinity"));
  }
  const [restA, restB] = [a.replace(bound, ""), b.replace(bound, "")];
  return restA === restB ? 0 : restA < restB ? -1 : 1;
};

const PARTS: Readonly<Record<MetricType, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/** Every family with its samples; one without samples is left out. */
export const encodeMetrics = (families: readonly Family[], samples: ReadonlyMap<string, number>): string => {
  const byName = Map.groupBy(samples, ([series]) => nameOf(series));
  return families
    .map(({ name, type, help }) => {
      const lines = PARTS[type].flatMap((part) =>
        (byName.get(name + part) ?? []).sort(compare).map(([series, value]) => `${series} ${numberText(value)}`),
      );
      return lines.length === 0
        ? ""
        : `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
    })
    .join("");
};
