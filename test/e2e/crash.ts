/**
 * Kills the whole local runtime with SIGKILL again and again, always on the same state, and then asks what became of
 * every alert that was acknowledged: told exactly once, to a receiver that goes by the key; at most once more per kill, to
 * a chat, which knows none; in the history once. What operators do at that time happens whole or not at all.
 * `--rounds N` sets the number of kills.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { ROOT } from "../../src/local/files.ts";
import { freePort } from "../support/ports.ts";
import { chatProblems, startChat } from "./chat.ts";
import { CHAT_NAMESPACE, makeAlerts, repeatsOf, resolveOf, type Sent } from "./crash-alerts.ts";
import { startOperator } from "./crash-operator.ts";
import { type Instance, readJson, startInstance, startScript, until, within } from "./instance.ts";
import { startReceiver } from "./receiver.ts";
import { startReport } from "./report.ts";

const TARGET = "crash-receiver";
const CHAT = "crash-chat";
const REQUESTS_PER_ROUND = 3;
const RESOLVES_PER_ROUND = 4;
/** What a kill in mid-work delays: the outbox rings again after 15 s, the sweep after 30 s and then each minute. */
const SETTLED_WITHIN_MS = 180_000;
const STEP_WITHIN_MS = 120_000;

const POINTS = [
  "right after the first 200",
  "before the queue drains",
  "during a delivery",
  "after the deliveries",
  "when everything is recorded",
] as const;

const Receipt = z.object({ alerts: z.array(z.object({ fingerprint: z.string() })) });
const OneAlert = z.object({
  current_status: z.string(),
  events: z.array(z.object({ event_id: z.string(), status: z.string() })),
  deliveries: z.array(z.object({ id: z.string(), target_name: z.string(), state: z.string() })),
});

const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" } } });
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number from 1 up");

const report = startReport();
const receiver = await startReceiver();
const chat = await startChat();
const operator = await startOperator([TARGET, CHAT]);
const stateDir = mkdtempSync(join(tmpdir(), "crash-"));
const port = await freePort();

/** Acknowledged alerts by fingerprint, and those of them whose end was acknowledged. */
const acknowledged = new Map<string, Sent>();
const resolved = new Set<string>();
/** Keys of which the history said "delivered" before a kill: these must never come again. */
const recorded = new Set<string>();

let running: Instance | null = null;
const start = async (): Promise<Instance> => {
  const env = { PORT: String(port), STATE_DIR: stateDir };
  running = await startInstance({ cwd: ROOT, command: startScript(ROOT), env });
  return running;
};

const keyOf = (fingerprint: string, status: "firing" | "resolved"): string =>
  `${fingerprint}:${status === "firing" ? 1 : 2}:${TARGET}`;
const hasArrived = (key: string): boolean => receiver.arrivals.some((arrival) => arrival.key === key);

const post = async (instance: Instance, alerts: readonly Sent["alert"][]): Promise<readonly string[]> => {
  const response = await fetch(`${instance.url}/webhook`, {
    method: "POST",
    headers: { authorization: `Bearer ${instance.ingestToken}` },
    body: JSON.stringify({ version: "4", receiver: "crash", groupKey: "{}:{}", alerts }),
  });
  if (response.status !== 200) throw new Error(`POST /webhook: ${response.status} ${await response.text()}`);
  return Receipt.parse(await response.json()).alerts.map((alert) => alert.fingerprint);
};

/** Notes every acknowledgement the moment it comes, so that a kill can follow at once. */
const postAll = (instance: Instance, round: number, ends: readonly Sent[], onFirst: () => void): Promise<unknown> => {
  const fires = Array.from({ length: REQUESTS_PER_ROUND }, async (_, request) => {
    const alerts = makeAlerts(round, request);
    const fingerprints = await post(instance, alerts);
    fingerprints.forEach((fingerprint, i) => {
      acknowledged.set(fingerprint, { fingerprint, alert: alerts[i]!, round });
    });
    onFirst();
  });
  const resolves = ends.map(async (sent) => {
    for (const fingerprint of await post(instance, [resolveOf(sent)])) resolved.add(fingerprint);
  });
  // What the kill cut off was not acknowledged, so nothing is claimed of it.
  return Promise.allSettled([...fires, ...resolves]);
};

const keysAwaited = (): string[] => [
  ...[...acknowledged.keys()].map((fingerprint) => keyOf(fingerprint, "firing")),
  ...[...resolved].map((fingerprint) => keyOf(fingerprint, "resolved")),
];

/** Names of the chat's alerts that were acknowledged. */
const chatAlerts = (onlyEnded: boolean): string[] =>
  [...acknowledged.values()].flatMap(({ fingerprint, alert }) => {
    const { alertname = "", namespace } = alert.labels as Record<string, string>;
    return namespace === CHAT_NAMESPACE && (!onlyEnded || resolved.has(fingerprint)) ? [alertname] : [];
  });

const chatKnowsAll = (): boolean => {
  const told = new Set(chat.messages.map((message) => `${message.about} ${message.told === "firing"}`));
  const ended = new Set(chatAlerts(true));
  return chatAlerts(false).every((about) => told.has(`${about} ${!ended.has(about)}`));
};

/** Of the chat's alerts those whose beginning was not told any more, because their end was known by then. */
const readCameAndWent = async (instance: Instance): Promise<Set<string>> => {
  const heard = new Set(chat.messages.flatMap(({ about, told }) => (told === "resolved" ? [] : [about])));
  const names = new Set(chatAlerts(true).filter((about) => !heard.has(about)));
  const found = new Set<string>();
  for (const { fingerprint, alert } of acknowledged.values()) {
    const name = String((alert.labels as Record<string, string>)["alertname"]);
    if (!names.has(name)) continue;
    const first = (await readAlert(instance, fingerprint)).deliveries.find(
      ({ id }) => id === `${fingerprint}:1:${CHAT}`,
    );
    if (first?.state === "superseded" || first?.state === "canceled") found.add(name);
  }
  return found;
};

const readAlert = async (instance: Instance, fingerprint: string) =>
  OneAlert.parse(await readJson(instance, `/history/${fingerprint}`));

/** Waits until this round's keys are recorded as delivered, and remembers that they were. */
const waitUntilRecorded = async (instance: Instance, round: number): Promise<void> => {
  const own = [...acknowledged.values()].filter((sent) => sent.round === round);
  for (const { fingerprint } of own) {
    const done = await until(STEP_WITHIN_MS, async () => {
      // Acknowledged is not yet in the history.
      const one = await readAlert(instance, fingerprint).catch(() => null);
      return one?.deliveries.find((d) => d.target_name === TARGET && d.state === "delivered") ?? null;
    });
    if (done === null) throw new Error(`round ${round}: ${fingerprint} is not recorded as delivered`);
    recorded.add(done.id);
  }
};

const waitForArrivals = async (round: number): Promise<void> => {
  const keys = [...acknowledged.values()].filter((s) => s.round === round).map((s) => keyOf(s.fingerprint, "firing"));
  const all = await until(STEP_WITHIN_MS, () => (keys.every(hasArrived) ? true : null));
  if (all === null) throw new Error(`round ${round}: not everything was delivered`);
};

const runRound = async (round: number): Promise<void> => {
  const point = POINTS[(round - 1) % POINTS.length];
  const first = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  receiver.beginRun(point === "during a delivery", held.resolve);
  chat.beginRun(point === "during a delivery");
  operator.beginRun();
  const instance = await start();
  if (round === 1) {
    await addTarget(instance, { name: TARGET, type: "webhook", url: receiver.url });
    const filter = { namespaces: [CHAT_NAMESPACE] };
    await addTarget(instance, { name: CHAT, type: "slack", url: chat.url, filter_config: filter });
    await operator.setUp(instance, (target) => addTarget(instance, target));
  }
  const wrong = await operator.problemsNow(instance);
  report.check(`kill ${round - 1} left what operators did whole`, wrong.length === 0, wrong.join("\n"));
  const ends = [...acknowledged.values()]
    .filter(({ fingerprint }) => !resolved.has(fingerprint) && hasArrived(keyOf(fingerprint, "firing")))
    .slice(0, RESOLVES_PER_ROUND);
  const acted = operator.act(instance, round);
  const posted = postAll(instance, round, ends, first.resolve);
  // Where no request is answered with 200, the run fails by what is missing, not by waiting for ever.
  if (point === "right after the first 200") await Promise.race([first.promise, posted]);
  else {
    await posted;
    if (point === "before the queue drains") await new Promise((resolve) => setTimeout(resolve, (round * 7) % 40));
    if (point === "during a delivery") await within(STEP_WITHIN_MS, held.promise);
    if (point === "after the deliveries") await waitForArrivals(round);
    if (point === "when everything is recorded") await waitUntilRecorded(instance, round);
  }
  await instance.cut();
  await Promise.all([posted, acted]);
  receiver.release();
  chat.release();
};

const addTarget = async (instance: Instance, target: object): Promise<void> => {
  const response = await fetch(`${instance.url}/api/v1/targets`, {
    method: "POST",
    headers: { authorization: `Bearer ${instance.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify(target),
  });
  if (response.status !== 201) throw new Error(`the target is refused: ${response.status} ${await response.text()}`);
};

/** Waits for all that was acknowledged. Cron comes more often than each minute, which changes only how long this takes. */
const settle = async (instance: Instance): Promise<void> => {
  const cron = setInterval(() => void fetch(`${instance.url}/cdn-cgi/local/scheduled`).catch(() => {}), 3_000);
  const isDone = (): boolean => keysAwaited().every(hasArrived) && chatKnowsAll() && operator.isDone();
  await until(SETTLED_WITHIN_MS, () => (isDone() ? true : null));
  clearInterval(cron);
};

const problemsOf = async (instance: Instance, sent: Sent): Promise<string[]> => {
  const { fingerprint } = sent;
  const problems: string[] = [];
  for (const status of ["firing", "resolved"] as const) {
    if (!hasArrived(keyOf(fingerprint, status))) problems.push(`${fingerprint}: ${status} was never delivered`);
  }
  const own = receiver.arrivals.filter((arrival) => arrival.fingerprints.includes(fingerprint));
  if (new Set(own.map((arrival) => arrival.key)).size > 2)
    problems.push(`${fingerprint}: told under more than two keys`);
  const end = own.findIndex((arrival) => arrival.status === "resolved");
  if (end >= 0 && own.slice(end).some((arrival) => arrival.status === "firing")) {
    problems.push(`${fingerprint}: told as firing after its own resolve`);
  }
  const events = (await readAlert(instance, fingerprint)).events.map((event) => `${event.status} ${event.event_id}`);
  const expected = [`resolved ${fingerprint}:2`, `firing ${fingerprint}:1`];
  if (events.join() !== expected.join()) problems.push(`${fingerprint}: the history has ${events.join(", ")}`);
  return problems;
};

const runAll = async (): Promise<void> => {
  for (let round = 1; round <= rounds; round++) {
    await runRound(round);
    console.log(`     kill ${round}: ${POINTS[(round - 1) % POINTS.length]}; ${acknowledged.size} acknowledged so far`);
  }
  receiver.beginRun(false, () => {});
  chat.beginRun(false);
  operator.beginRun();
  const instance = await start();
  try {
    await settle(instance);
    await operator.resolveAll(instance);
    const open = [...acknowledged.values()].filter(({ fingerprint }) => !resolved.has(fingerprint));
    for (const sent of open)
      for (const fingerprint of await post(instance, [resolveOf(sent)])) resolved.add(fingerprint);
    await settle(instance);
    for (let round = 1; round <= rounds; round++) {
      const own = [...acknowledged.values()].filter((sent) => sent.round === round);
      const problems = (await Promise.all(own.map((sent) => problemsOf(instance, sent)))).flat();
      const what = `kill ${round}, ${POINTS[(round - 1) % POINTS.length]}: ${own.length} alerts told once, then resolved`;
      report.check(what, own.length > 0 && problems.length === 0, problems.join("\n"));
    }
    const { allowed, wrong } = repeatsOf(receiver.arrivals, recorded);
    report.check("no key came again without need", wrong.length === 0, wrong.join("\n"));
    const told = chatProblems(chat, chatAlerts(false), await readCameAndWent(instance));
    report.check(
      "the chat was told of each, at most once more per kill",
      told.problems.length === 0,
      told.problems.join("\n"),
    );
    const wrongActs = operator.problems();
    report.check(
      "groups and replays arrived, none of them twice in a run",
      wrongActs.length === 0,
      wrongActs.join("\n"),
    );
    report.check("Slack would have taken every message", chat.refused.length === 0, chat.refused.join("\n"));
    report.check("every request could be read", receiver.unreadable.length === 0, receiver.unreadable.join("\n"));
    const lost = keysAwaited().filter((key) => !hasArrived(key)).length;
    console.log(
      `     ${rounds} kills, ${acknowledged.size} alerts acknowledged, ${lost} notifications lost; repeated under their ` +
        `key: ${wrong.length} without need, ${allowed} because a kill fell between sending and recording; in the chat, which knows no keys: ${told.repeats}`,
    );
  } finally {
    instance.signal("SIGTERM");
    await instance.ended;
  }
};

const done = await report.attempt("the run came to its end", runAll);
// A run that broke off leaves one behind.
await (running as Instance | null)?.cut().catch(() => {});
receiver.close();
chat.close();
operator.close();
if (done) rmSync(stateDir, { recursive: true, force: true });
else console.log(`     the state is kept in ${stateDir}`);
report.finish();
