/** What happened at the shop: a plan of every change in a span of time. The same seed gives the same week. */
import { CLUSTERS, type Cluster, INCIDENT, KINDS, type Kind } from "./demo-shop.ts";

export interface Episode {
  readonly cluster: Cluster;
  readonly kind: Omit<Kind, "perDay" | "lasts">;
  readonly instance: string;
  readonly from: number;
  /** null: it goes on. */
  readonly to: number | null;
  /** To be told at its own minute, not with whatever else happens around it. */
  readonly exact: boolean;
}

export interface Change {
  readonly at: number;
  readonly status: "firing" | "resolved";
  readonly episode: Episode;
}

/** Changes that are sent together, at a moment when all of them have happened. */
export interface Step {
  readonly at: number;
  readonly changes: readonly Change[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Ordinary changes are sent in rounds, so that a week passes quickly. */
const ROUND_MS = 80 * MINUTE_MS;
/** Of those that begin this close to the end, some go on. */
const OPEN_MS = 6 * HOUR_MS;

/** Numbers from 0 to 1 that look like chance and are the same each time (mulberry32). */
export const chanceOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Fewer than a real shop has, for the sake of whoever waits for the week to pass. */
const BUSY = 0.7;

/** Shops are busy in the evening and quiet before dawn. */
const isLikely = (at: number, chance: () => number): boolean => {
  const hour = new Date(at).getUTCHours();
  return chance() < 0.3 + 0.7 * Math.max(0, Math.sin(((hour - 5) / 19) * Math.PI));
};

export const instanceOf = (kind: Pick<Kind, "service">, chance: () => number): string =>
  `${kind.service}-${Math.floor(chance() * 4)}`;

const ordinary = (from: number, to: number, chance: () => number): Episode[] =>
  CLUSTERS.flatMap((cluster) =>
    KINDS.flatMap((kind) => {
      const wanted = ((to - from) / DAY_MS) * kind.perDay * BUSY;
      const begins = Array.from({ length: Math.round(wanted + chance() - 0.5) }, () => from + chance() * (to - from));
      return begins
        .filter((at) => isLikely(at, chance))
        .map((at) => {
          const [least, most] = kind.lasts;
          const end = at + (least + chance() * (most - least)) * MINUTE_MS;
          const open = end > to || (at > to - OPEN_MS && chance() < 0.6);
          return { cluster, kind, instance: instanceOf(kind, chance), from: at, to: open ? null : end, exact: false };
        });
    }),
  );

const incident = (begins: number): Episode[] =>
  INCIDENT.flatMap(([after, lasts, kind]) =>
    // A failing database shows at every replica of what depends on it.
    [0, 1, 2].map((replica) => ({
      cluster: "eu-west" as const,
      kind,
      instance: `${kind.service}-${replica}`,
      from: begins + after * MINUTE_MS,
      to: begins + (after + lasts) * MINUTE_MS,
      exact: true,
    })),
  );

/** One alert that cannot decide. */
const flapping = (begins: number): Episode[] =>
  Array.from({ length: 11 }, (_, i) => ({
    cluster: "us-east",
    kind: KINDS[2]!,
    instance: "search-7",
    from: begins + i * 12 * MINUTE_MS,
    to: begins + (i * 12 + 5) * MINUTE_MS,
    exact: true,
  }));

/** Of these nobody hears at the display on the wall: at any hour of the day there are some. */
const unheard = (begins: number): Episode[] =>
  [5, 6].map((instance) => ({
    cluster: "ap-south",
    kind: KINDS[4]!,
    instance: `image-resizer-${instance}`,
    from: begins,
    to: begins + 25 * MINUTE_MS,
    exact: true,
  }));

/** Two of the same alert cannot run at once: the later one is left out. */
const apart = (episodes: readonly Episode[]): Episode[] => {
  const until = new Map<string, number>();
  return episodes
    .toSorted((a, b) => a.from - b.from)
    .filter(({ cluster, kind, instance, from, to, exact }) => {
      const key = `${cluster} ${kind.namespace} ${kind.name} ${instance}`;
      if (from <= (until.get(key) ?? 0) + 2 * ROUND_MS && !exact) return false;
      until.set(key, to ?? Number.POSITIVE_INFINITY);
      return true;
    });
};

/** Everything that goes wrong between two times: ordinary troubles, one that cannot decide, and a bad night. */
export const planEpisodes = (from: number, to: number, seed: number): Episode[] =>
  apart([
    ...ordinary(from, to, chanceOf(seed)),
    ...flapping(to - Math.max(3 * HOUR_MS, 0.05 * (to - from))),
    ...incident(to - 0.3 * (to - from)),
    ...unheard(to - 0.15 * (to - from)),
  ]);

/** The rounds in order; what is to be told exactly has a round of its own. */
export const planSteps = (episodes: readonly Episode[], to: number): Step[] => {
  const changes = episodes.flatMap((episode): Change[] => [
    { at: episode.from, status: "firing", episode },
    ...(episode.to === null ? [] : [{ at: episode.to, status: "resolved" as const, episode }]),
  ]);
  const rounds = Map.groupBy(
    changes.filter((change) => change.at < to),
    ({ at, episode }) => (episode.exact ? `at ${Math.floor(at / MINUTE_MS)}` : `around ${Math.floor(at / ROUND_MS)}`),
  );
  return [...rounds.values()]
    .map((some) => ({ at: Math.max(...some.map(({ at }) => at)), changes: some.toSorted((a, b) => a.at - b.at) }))
    .toSorted((a, b) => a.at - b.at);
};

/** An alert as its Alertmanager reports it. */
export const alertOf = ({ status, episode, at }: Change): object => {
  const { kind, cluster, instance, from } = episode;
  return {
    status,
    labels: {
      ...{ alertname: kind.name, severity: kind.severity, cluster, namespace: kind.namespace, team: kind.team },
      ...{ service: kind.service, instance },
    },
    annotations: { summary: kind.summary, runbook_url: `https://runbooks.shop.example/${kind.name}` },
    startsAt: new Date(from).toISOString(),
    endsAt: status === "resolved" ? new Date(at).toISOString() : "0001-01-01T00:00:00Z",
    generatorURL: `https://prometheus.${cluster}.shop.example/graph?g0.expr=${kind.name}`,
  };
};

/** The signal that a Prometheus and its Alertmanager are alive. */
export const watchdogOf = (cluster: Cluster, since: number): object => ({
  status: "firing",
  labels: { alertname: "Watchdog", severity: "none", cluster, namespace: "monitoring" },
  annotations: { summary: "Always firing: it shows that alerts get through" },
  startsAt: new Date(since).toISOString(),
  endsAt: "0001-01-01T00:00:00Z",
});
