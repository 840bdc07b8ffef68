/** Counters of this process and gauges asked at the scrape, in the Prometheus text format. */

export type MetricLabels = Readonly<Record<string, string>>;
interface Metric {
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: () => readonly (readonly [MetricLabels, number])[];
}

export interface Metrics {
  readonly count: (name: CounterName, labels?: MetricLabels) => void;
  /** Asked at each scrape; null leaves the sample out. */
  readonly gauge: (name: string, help: string, samples: Metric["samples"]) => void;
  readonly text: () => string;
}

const PREFIX = "alert_history_exporter_";

const COUNTERS = {
  lists_total: "Lists of Secrets asked of the API server, by result.",
  watches_total: "Watches opened on Secrets, by how they ended.",
  watch_events_total: "Events received on watches, by type.",
  file_scans_total: "Times the directory of manifests was read.",
  http_requests_total: "Requests answered, by path and status.",
  nudges_total: "Calls telling the Worker of a change, by result.",
} as const;
export type CounterName = keyof typeof COUNTERS;

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const writeLabels = (labels: MetricLabels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

export const createMetrics = (): Metrics => {
  const counts = new Map<CounterName, Map<string, [MetricLabels, number]>>();
  const metrics = new Map<string, Metric>(
    Object.entries(COUNTERS).map(([name, help]) => [
      name,
      { help, type: "counter", samples: () => [...(counts.get(name as CounterName)?.values() ?? [])] },
    ]),
  );
  return {
    count: (name, labels = {}) => {
      const byLabels = counts.get(name) ?? new Map<string, [MetricLabels, number]>();
      counts.set(name, byLabels);
      const key = writeLabels(labels);
      byLabels.set(key, [labels, (byLabels.get(key)?.[1] ?? 0) + 1]);
    },
    gauge: (name, help, samples) => void metrics.set(name, { help, type: "gauge", samples }),
    text: () =>
      [...metrics]
        .map(([name, { help, type, samples }]) => {
          const lines = samples().map(([labels, value]) => `${PREFIX}${name}${writeLabels(labels)} ${value}`);
          return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`, ...lines, ""].join("\n");
        })
        .join(""),
  };
};
