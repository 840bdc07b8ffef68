/**
 * Queue `alerts`: has events classified, lets core decide, commits event, trace and pending notifications in one D1
 * batch, tells the groups, rings for delivery, and only then confirms to the shard. A crash anywhere in between repeats
 * the work; the ids are deterministic, so repeating it changes nothing.
 */
import { classifies } from "../../core/classify/mode.ts";
import { type AlertEvent, eventId } from "../../core/history/event.ts";
import type { AlertsMessage, AlertUpdate } from "../../core/messages.ts";
import { addressDirect } from "../../core/pipeline/address.ts";
import type { Context } from "../../core/pipeline/context.ts";
import { onlyUntold } from "../../core/pipeline/reroute.ts";
import { classifierOf, isClassificationEnabled } from "../classification.ts";
import type { Classified } from "../classifier-result.ts";
import { loadContext } from "../context.ts";
import { recordCalls } from "../db/classifications.ts";
import { commitEvents, type Decided, type StoredEvent, storedEvents } from "../db/events.ts";
import { joinIncidents } from "../db/incidents.ts";
import type { Bindings } from "../env.ts";
import { joinGroups } from "../groups.ts";
import { noteChange } from "../live.ts";
import { logError, logInfo } from "../log.ts";
import { handOver } from "../metrics/count.ts";
import { countDecided } from "../metrics/decision.ts";
import { ringTargets } from "../ring.ts";
import { loadSettings } from "../settings.ts";
import { inSpan } from "../span.ts";
import { throughStorms } from "../storms.ts";
import { noteUntold } from "../untold.ts";
import { classify, decide } from "./stages.ts";

/** What a remembered answer or the rules need at most; whoever takes longer waits for a model and holds back no other. */
const AT_ONCE_MS = 250;

interface Job {
  readonly shard: string;
  readonly event: AlertEvent;
  /** D1 holds it already; only its groups may still have to hear of it, and only while nothing newer is known. */
  readonly stored: StoredEvent | null;
}

export interface Background {
  waitUntil(work: Promise<unknown>): void;
}

/** Resolves references to changes that were too large to travel. */
const unpack = async (env: Bindings, { shard, changes }: AlertsMessage) => {
  const refs = changes.flatMap((change) => (change.kind === "ref" ? [[change.fingerprint, change.seq] as const] : []));
  const loaded = refs.length === 0 ? [] : await env.SHARDS.getByName(shard).load(refs);
  const all = [...changes, ...loaded];
  return {
    shard,
    events: all.flatMap((change) => (change.kind === "event" ? [change.event] : [])),
    updates: all.flatMap((change) => (change.kind === "update" ? [change.update] : [])),
  };
};

const confirm = async (
  env: Bindings,
  done: readonly { shard: string; fingerprint: string; seq: number }[],
): Promise<void> => {
  await Promise.all(
    [...Map.groupBy(done, ({ shard }) => shard)].map(([shard, list]) =>
      env.SHARDS.getByName(shard).confirm(list.map(({ fingerprint, seq }) => [fingerprint, seq] as const)),
    ),
  );
};

/** What was decided of an event, and whose request it came with. */
const decidedFields = ({ event, decision }: Decided) => ({
  id: eventId(event.fingerprint, event.seq),
  receiptId: event.receiptId,
  kind: event.kind,
  severity: decision.severity,
  notifications: decision.notifications.length,
  groups: decision.groups.length,
});

/** What is decided of an event; of one that is stored only what has not been done yet, by the answer it was given then. */
const decideJob = (
  { event, stored, classified }: Job & { readonly classified: Classified | null },
  context: Context,
): Decided => {
  if (stored === null) return { event, decision: decide(event, classified?.classification ?? null, context) };
  const decision = decide(event, stored.classification, context);
  // A storm that takes it joins it before it is committed.
  return { event, decision: { ...decision, ...onlyUntold(decision, stored.trace), storms: [] } };
};

/** Decides and commits events that are classified; throws when D1 or an object cannot be reached. */
const finish = async (
  env: Bindings,
  context: Context,
  jobs: readonly (Job & { readonly classified: Classified | null })[],
): Promise<void> => {
  if (jobs.length === 0) return;
  const each = jobs.map((job) => decideJob(job, context));
  const decided = await throughStorms(env, context, each);
  const fresh: Decided[] = decided.filter((_, i) => jobs[i]?.stored === null);
  const addressed = fresh.flatMap(({ event, decision }) => addressDirect(event, decision));
  const calls = jobs.flatMap(({ event, classified }) =>
    classified === null ? [] : [{ event, call: classified.call }],
  );
  const { config } = await loadSettings(env, context.now);
  const statements = [
    ...commitEvents(env.DB, fresh, addressed, [], Date.now()),
    ...joinIncidents(env.DB, fresh, config?.correlation ?? null),
    ...recordCalls(env.DB, calls),
    ...(await noteUntold(env, fresh, Date.now())),
  ];
  if (statements.length > 0) {
    await inSpan("history.commit", { events: fresh.length, statements: statements.length }, () =>
      env.DB.batch(statements),
    );
  }
  for (const { event, decision } of fresh) noteChange("alert", event.fingerprint, event.status, decision.severity);
  countDecided(fresh);
  for (const decided of fresh) logInfo("alert.decided", decidedFields(decided));
  await joinGroups(
    env,
    decided.flatMap(({ decision }, i) => (jobs[i]?.stored?.newest === false ? [] : decision.groups)),
  );
  await ringTargets(env, addressed);
  await confirm(
    env,
    jobs.map(({ shard, event }) => ({ shard, fingerprint: event.fingerprint, seq: event.seq })),
  );
};

/** Brings annotations and the like up to date; no transition, so no decision. */
const applyUpdates = async (
  env: Bindings,
  updates: readonly { shard: string; update: AlertUpdate }[],
): Promise<void> => {
  if (updates.length === 0) return;
  await env.DB.batch(
    commitEvents(
      env.DB,
      [],
      [],
      updates.map(({ update }) => update),
      Date.now(),
    ),
  );
  for (const { update } of updates) noteChange("alert", update.fingerprint, "updated");
  await confirm(
    env,
    updates.map(({ shard, update }) => ({ shard, fingerprint: update.fingerprint, seq: update.seq })),
  );
};

const settledAtOnce = async <T>(promise: Promise<T>): Promise<T | "late"> =>
  Promise.race([promise, new Promise<"late">((resolve) => setTimeout(resolve, AT_ONCE_MS, "late"))]);

/** Processes messages; throws when D1 or an object cannot be reached, and the queue brings them again. */
export const consumeAlerts = async (
  env: Bindings,
  messages: readonly AlertsMessage[],
  redelivered: boolean,
  background: Background,
): Promise<void> => {
  const work = await Promise.all(messages.map((message) => unpack(env, message)));
  const jobs = new Map<string, Job>();
  for (const { shard, events } of work) {
    for (const event of events) jobs.set(eventId(event.fingerprint, event.seq), { shard, event, stored: null });
  }
  const events = [...jobs.values()].map(({ event }) => event);
  const maybeStored = redelivered || messages.some((message) => message.again);
  const stored = maybeStored
    ? await storedEvents(
        env.DB,
        events.map((event) => [event.fingerprint, event.seq] as const),
      )
    : new Map<string, StoredEvent>();
  const context = await loadContext(env, Date.now(), events);
  const said = (await loadSettings(env, Date.now())).config?.classification ?? null;
  const asks = classifies(context.mode) && isClassificationEnabled(env, said);
  const classifier = classifierOf(env, (promise) => background.waitUntil(promise), said);
  const classified = [...jobs].map(([id, job]) => ({
    job: { ...job, stored: stored.get(id) ?? null },
    answer: asks && !stored.has(id) ? classify(classifier, job.event) : Promise.resolve(null),
  }));
  await applyUpdates(
    env,
    work.flatMap(({ shard, updates }) => updates.map((update) => ({ shard, update }))),
  );
  const first = await Promise.all(
    classified.map(async ({ job, answer }) => ({ job, answer, now: await settledAtOnce(answer) })),
  );
  await finish(
    env,
    context,
    first.flatMap(({ job, now }) => (now === "late" ? [] : [{ ...job, classified: now }])),
  );
  const late = first.filter(({ now }) => now === "late");
  if (late.length === 0) return;
  // Their changes stay in the outbox until they are confirmed, so nothing is lost should this be cut short.
  background.waitUntil(
    Promise.all(
      late.map(async ({ job, answer }) => {
        await finish(env, context, [{ ...job, classified: await answer }]);
        await handOver(env);
      }),
    ).catch((error: unknown) => logError("consume.late", error, { events: late.length })),
  );
};
