/** Makes the demo's past: everything happens in the Worker itself, whose clock is set back and led through it. */
import type { Api } from "./api.ts";
import { callDemo, sendAlerts } from "./demo-api.ts";
import { CLUSTERS, type Cluster, documentOf } from "./demo-shop.ts";
import type { DemoSinks } from "./demo-sinks.ts";
import { alertOf, type Step, watchdogOf } from "./demo-week.ts";
import type { Facts } from "./greeting.ts";

export type SourceTokens = Readonly<Record<Cluster, string>>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;
/** Two o'clock of the next night. */
const nightOf = (at: number): number => Math.ceil(at / DAY_MS) * DAY_MS + 2 * HOUR_MS;
/** How often what is scheduled runs, and heartbeats are sent. */
const CRON_EVERY_MS = 12 * HOUR_MS;
/** Longer than a bell takes from one queue to the next. */
const QUIET_MS = 25;
const TARGETS = 6;
/** A minute until the exporters are read: they start beside the Worker, on a busy machine slowly. */
const LOOK_EVERY_MS = 200;
const MAX_LOOKS = 300;

interface Past {
  readonly facts: Pick<Facts, "url" | "adminToken">;
  readonly api: Api;
  readonly sinks: DemoSinks;
  readonly from: number;
  readonly to: number;
}

/** What people do meanwhile, and what breaks. */
const deedsOf = ({ facts, sinks, from, to }: Past): (readonly [at: number, run: () => Promise<unknown>])[] => {
  const call = (method: string, path: string, body?: unknown) => callDemo(facts, method, path, body);
  const silence = (at: number, until: number, name: string, createdBy: string, comment: string, again = {}) =>
    call("POST", "/api/v2/silences", {
      matchers: [{ name: "alertname", value: name, isRegex: false, isEqual: true }],
      startsAt: new Date(at).toISOString(),
      endsAt: new Date(until).toISOString(),
      createdBy,
      comment,
      ...again,
    });
  const nightly = { recurrence: { rule: "FREQ=DAILY", time_zone: "UTC", duration_seconds: HOUR_MS / 1000 } };
  const after = (share: number): number => from + share * (to - from);
  const mode = (name: string, reason: string) => () => call("POST", "/enrichment/mode", { mode: name, reason });
  return [
    [
      after(0.2),
      () =>
        silence(
          nightOf(after(0.2)),
          to + MONTH_MS,
          "ReplicaLag",
          "mira",
          "The nightly backup slows the replica",
          nightly,
        ),
    ],
    [after(0.42), () => silence(after(0.42), after(0.45), "SlowQueries", "jonas", "Index is being rebuilt")],
    [after(0.56), () => call("PUT", "/api/v1/config?note=the+data+team+eats+in+peace", documentOf(2))],
    [after(0.62), mode("shadow", "comparing before the new rules")],
    [after(0.66), mode("enriched", "they agree")],
    [after(0.84), async () => sinks.breakSome()],
    [after(0.88), () => silence(after(0.88), to + DAY_MS, "DiskAlmostOutOfSpace", "mira", "Bigger disks: SHOP-482")],
  ];
};

const prepare = async ({ facts, api }: Past): Promise<SourceTokens> => {
  await api.runCron();
  const ready = async (): Promise<boolean> => (await api.listTargets()).length >= TARGETS;
  for (let tries = 0; !(await ready()); tries++) {
    if (tries > MAX_LOOKS) throw new Error("the exporters' targets were not read");
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  await callDemo(facts, "PUT", "/api/v1/config?note=first+routes", documentOf(1));
  const tokens: [Cluster, string][] = [];
  for (const cluster of CLUSTERS) {
    const name = `prometheus-${cluster}`;
    const made = await callDemo<{ token: string }>(facts, "POST", "/api/v1/tokens", {
      name,
      scopes: ["ingest"],
      source: name,
    });
    tokens.push([cluster, made.token]);
  }
  return Object.fromEntries(tokens) as SourceTokens;
};

/** Leads the Worker from the beginning to now. Answers the tokens its senders use. */
export const makePast = async (
  past: Past,
  steps: readonly Step[],
  note: (share: number) => void,
): Promise<SourceTokens> => {
  const { facts, api, from, to } = past;
  const goTo = (at: number): Promise<unknown> => callDemo(facts, "POST", `/demo/clock?to=${Math.round(at)}`);
  const rest = (): Promise<unknown> => callDemo(facts, "POST", `/demo/rest?quiet=${QUIET_MS}`);
  await goTo(from);
  const tokens = await prepare(past);
  const heartbeats = (clusters: readonly Cluster[]): Promise<unknown> =>
    Promise.all(clusters.map((cluster) => sendAlerts(facts, tokens[cluster], [watchdogOf(cluster, from)])));
  const rounds: (readonly [at: number, run: () => Promise<unknown>])[] = [
    ...steps.map(({ at, changes }) => {
      const run = (): Promise<unknown> =>
        Promise.all(
          CLUSTERS.map((cluster) => {
            const own = changes.filter(({ episode }) => episode.cluster === cluster).map(alertOf);
            return own.length === 0 ? null : sendAlerts(facts, tokens[cluster], own);
          }),
        );
      return [at, run] as const;
    }),
    ...deedsOf(past),
  ];
  for (let at = from; at < to - HOUR_MS; at += CRON_EVERY_MS) {
    rounds.push([at, () => heartbeats(CLUSTERS).then(rest).then(api.runCron)]);
  }
  // The one in ap-south falls silent half an hour before now.
  rounds.push([to - HOUR_MS / 2, () => heartbeats(CLUSTERS)]);
  rounds.sort(([a], [b]) => a - b);
  for (const [index, [at, run]] of rounds.entries()) {
    await goTo(at);
    await run();
    await rest();
    note((index + 1) / rounds.length);
  }
  await goTo(Date.now());
  await heartbeats(["eu-west", "us-east"]);
  await rest();
  await api.runCron();
  await rest();
  return tokens;
};
