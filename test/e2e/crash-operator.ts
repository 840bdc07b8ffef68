/**
 * What else is under way when the runtime is killed: a document is put in force, a silence made, notifications are sent
 * once more, the clusters are read, and alerts wait in groups. Each either happened whole or not at all, and whatever was
 * acknowledged did.
 */
import * as z from "zod";
import { type Instance, readJson } from "./instance.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const GROUPS = "crash-groups";
const REPLAYS = "crash-replays";
/** Label of the alerts that are told in groups, and of no others. */
export const GROUPED = "grouped";
const ALERTS_PER_GROUP = 3;

/** Names its round in its text, in a target's name and in a target's definition. */
const documentOf = (round: number, toldAtOnce: readonly string[]): string =>
  JSON.stringify({
    route: {
      ...{ receiver: "all", group_by: ["..."], group_wait: "0s", group_interval: "1s" },
      routes: [{ receiver: "groups", matchers: [`crash="${GROUPED}"`], group_by: ["alertname"], group_wait: "1s" }],
    },
    receivers: [
      { name: "all", targets: toldAtOnce },
      { name: "groups", targets: [GROUPS] },
    ],
    targets: {
      steady: { type: "webhook", url: "http://127.0.0.1:9/", enabled: false, description: `round ${round}` },
      [`round-${round}`]: { type: "webhook", url: "http://127.0.0.1:9/", enabled: false },
    },
  });

const Applied = z.object({ version: z.number() });
const Config = z.object({ version: z.number(), document: z.string() });
const Targets = z.object({ targets: z.array(z.object({ name: z.string(), description: z.string().nullish() })) });
const Silences = z.array(z.object({ id: z.string(), comment: z.string() }));
const Made = z.object({ silenceID: z.string() });
const Replayed = z.object({ ids: z.array(z.string()) });
const Listed = z.object({ notifications: z.array(z.object({ id: z.string() })) });
const Receipt = z.object({ alerts: z.array(z.object({ fingerprint: z.string() })) });

export interface Operator {
  /** Puts the first document in force; `toldAtOnce` are told of every alert but those in groups. */
  readonly setUp: (instance: Instance, addTarget: (target: object) => Promise<void>) => Promise<void>;
  /** What stands after a start that is wrong after the kill before it. */
  readonly problemsNow: (instance: Instance) => Promise<string[]>;
  /** Does all of it at once. Settles when it is done, or the kill has cut it off. */
  readonly act: (instance: Instance, round: number) => Promise<unknown>;
  readonly beginRun: () => void;
  /** Whether all that was acknowledged has arrived. */
  readonly isDone: () => boolean;
  readonly resolveAll: (instance: Instance) => Promise<void>;
  readonly problems: () => string[];
  readonly close: () => void;
}

const call = async (instance: Instance, method: string, path: string, body: string): Promise<unknown> => {
  const headers = { authorization: `Bearer ${instance.adminToken}`, "content-type": "application/json" };
  const response = await fetch(`${instance.url}${path}`, { method, headers, body });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
};

const groupAlerts = (round: number, status: "firing" | "resolved") =>
  Array.from({ length: ALERTS_PER_GROUP }, (_, i) => ({
    status,
    labels: { alertname: `Group${round}`, crash: GROUPED, severity: "warning", instance: `node-${i}` },
    ...(status === "resolved" ? { endsAt: new Date().toISOString() } : {}),
  }));

/** A key that came twice while nothing died between. */
const twiceInOneRun = ({ arrivals }: Receiver): string[] => {
  const seen = arrivals.map(({ key, run }) => `${key} in run ${run}`);
  return seen.filter((one, i) => seen.indexOf(one) !== i);
};

export const startOperator = async (toldAtOnce: readonly string[]): Promise<Operator> => {
  const [groups, replays] = await Promise.all([startReceiver(), startReceiver()]);
  let version = 0;
  const silenced: string[] = [];
  const replayed = new Set<string>();
  /** Fingerprints of acknowledged alerts in groups, by round. */
  const grouped = new Map<number, readonly string[]>();
  let ended = false;

  const putDocument = async (instance: Instance, round: number): Promise<void> => {
    const answer = Applied.parse(await call(instance, "PUT", "/api/v1/config", documentOf(round, toldAtOnce)));
    version = answer.version;
  };
  const silence = async (instance: Instance, round: number): Promise<void> => {
    const [from, to] = [Date.now(), Date.now() + 3_600_000].map((at) => new Date(at).toISOString());
    const matchers = [{ name: "alertname", value: `Silenced${round}`, isRegex: false, isEqual: true }];
    const body = { matchers, startsAt: from, endsAt: to, createdBy: "crash", comment: `round ${round}` };
    silenced.push(Made.parse(await call(instance, "POST", "/api/v2/silences", JSON.stringify(body))).silenceID);
  };
  const replay = async (instance: Instance): Promise<void> => {
    const listed = await readJson(instance, `/api/v1/notifications?target=${toldAtOnce[0]}&state=delivered&limit=20`);
    const ids = Listed.parse(listed).notifications.map(({ id }) => id);
    if (ids.length === 0) return;
    const body = JSON.stringify({ ids, to_target: REPLAYS, again: true });
    const answer = Replayed.parse(await call(instance, "POST", "/api/v1/notifications/replay", body));
    for (const id of answer.ids) replayed.add(id);
  };
  const sendGroup = async (instance: Instance, round: number): Promise<void> => {
    const body = JSON.stringify({ alerts: groupAlerts(round, "firing") });
    const { alerts } = Receipt.parse(await call(instance, "POST", "/webhook", body));
    grouped.set(
      round,
      alerts.map(({ fingerprint }) => fingerprint),
    );
  };

  /** The key of a replay as its receiver gets it, from its id `<at>.<seq>.<replay>.<target>.<subject>`. */
  const keyOfReplay = (id: string): string => {
    const [, seq = "", n = "", target = "", ...subject] = id.split(".");
    return `${subject.join(".")}:${seq}:${target}:r${n}`;
  };
  const lastWord = (fingerprint: string): "firing" | "resolved" | "nothing" => {
    const last = groups.arrivals.findLast((arrival) => arrival.fingerprints.includes(fingerprint));
    return last === undefined ? "nothing" : last.ended.includes(fingerprint) ? "resolved" : "firing";
  };
  const missing = (): string[] => [
    ...[...replayed]
      .map(keyOfReplay)
      .filter((key) => !replays.arrivals.some((arrival) => arrival.key === key))
      .map((key) => `the replay ${key} never arrived`),
    ...[...grouped].flatMap(([round, fingerprints]) =>
      fingerprints
        .filter((fingerprint) => lastWord(fingerprint) !== (ended ? "resolved" : "firing"))
        .map((fingerprint) => `group of round ${round}: the last word on ${fingerprint} is ${lastWord(fingerprint)}`),
    ),
  ];

  return {
    setUp: async (instance, addTarget) => {
      await addTarget({ name: GROUPS, type: "webhook", url: groups.url });
      await addTarget({ name: REPLAYS, type: "webhook", url: replays.url });
      await putDocument(instance, 0);
    },
    problemsNow: async (instance) => {
      const config = Config.parse(await readJson(instance, "/api/v1/config"));
      const round = /round-(\d+)/.exec(config.document)?.[1];
      const { targets } = Targets.parse(await readJson(instance, "/api/v1/targets"));
      const names = targets.map(({ name }) => name).filter((name) => name.startsWith("round-"));
      const steady = targets.find(({ name }) => name === "steady")?.description;
      const kept = Silences.parse(await readJson(instance, "/api/v2/silences"));
      return [
        ...(config.version < version ? [`version ${version} was acknowledged, ${config.version} is in force`] : []),
        ...(names.join() === `round-${round}` && steady === `round ${round}`
          ? []
          : [`the document is of round ${round}, its targets are ${names.join()} and "${steady}"`]),
        ...silenced.filter((id) => !kept.some((one) => one.id === id)).map((id) => `the silence ${id} is lost`),
        ...kept
          .filter(({ comment }, i) => kept.findIndex((one) => one.comment === comment) !== i)
          .map(({ comment }) => `the silence of ${comment} is there twice`),
      ];
    },
    act: (instance, round) =>
      // What the kill cuts off was not acknowledged, so nothing is claimed of it.
      Promise.allSettled([
        putDocument(instance, round),
        silence(instance, round),
        replay(instance),
        sendGroup(instance, round),
        call(instance, "POST", "/publishing/targets/refresh", "{}"),
      ]),
    beginRun: () => {
      groups.beginRun(false, () => {});
      replays.beginRun(false, () => {});
    },
    isDone: () => missing().length === 0,
    resolveAll: async (instance) => {
      for (const round of grouped.keys()) {
        const alerts = groupAlerts(round, "resolved");
        await call(instance, "POST", "/webhook", JSON.stringify({ alerts }));
      }
      ended = true;
    },
    problems: () => [
      ...missing(),
      ...[groups, replays].flatMap(twiceInOneRun).map((key) => `${key}: twice`),
      ...[groups, replays].flatMap(({ unreadable }) => unreadable),
    ],
    close: () => {
      groups.close();
      replays.close();
    },
  };
};
