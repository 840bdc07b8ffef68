/** Commits parsed alerts: one call per shard touched, and no answer before each of them has said that it is on disk. */
import { type Alert, alertName } from "../core/alert/alert.ts";
import type { DedupOutcome } from "../core/dedup/decide.ts";
import type { Parsed } from "../core/ingest/parse.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Bindings } from "./env.ts";
import { inhibitorsOf } from "./inhibitions.ts";
import { asRepeats, learn, noteContact } from "./known-alerts.ts";
import { keepBody } from "./known-bodies.ts";
import { logError } from "./log.ts";
import type { IngestAnswer } from "./objects/alert-shard.ts";
import { type IngestBatch, writeBatch } from "./objects/alert-shard-batch.ts";
import { inhibitRulesSoon } from "./settings.ts";
import { shardName, shardOf } from "./shards.ts";
import { inSpan } from "./span.ts";

/** A call that failed for a passing reason (a deploy, a reset) is made once more: it is idempotent. */
const ATTEMPTS = 2;

const isRetryable = (error: unknown): boolean =>
  error instanceof Error &&
  !("overloaded" in error && error.overloaded === true) &&
  (("retryable" in error && error.retryable === true) || error.message.includes("code was updated"));

const callShard = async (env: Bindings, name: string, whole: IngestBatch): Promise<IngestAnswer> => {
  const batch = writeBatch(whole);
  for (let attempt = 1; ; attempt++) {
    try {
      // A stub that threw stays broken, so each attempt takes a fresh one.
      return await shardOf(env, name).ingest(batch);
    } catch (error) {
      logError("ingest.shard", error, { shard: name, attempt });
      if (attempt >= ATTEMPTS || !isRetryable(error)) return { ok: false, reason: "overloaded" };
    }
  }
};

/** True where all of them say what they said before and their shard still knows it. */
const repeatAlerts = async (env: Bindings, name: string, alerts: readonly Alert[]): Promise<boolean> => {
  const repeats = asRepeats(name, alerts, Date.now());
  if (repeats === null) return false;
  try {
    const isTaken = await shardOf(env, name).repeat(repeats);
    if (isTaken) noteContact(name, Date.now());
    return isTaken;
  } catch (error) {
    // Told whole it gets its second attempt; a repeat that was counted twice costs nobody anything.
    logError("ingest.repeat", error, { shard: name });
    return false;
  }
};

/** Which alerts of one request inhibit each other: their shards are decided apart, and none waits for another. */
const findInhibitors = async (env: Bindings, alerts: readonly Alert[]): Promise<Pick<IngestBatch, "inhibitors">> => {
  if (alerts.length < 2) return {};
  const now = Date.now();
  const inhibitors = inhibitorsOf(await inhibitRulesSoon(env, now), alerts, now);
  return inhibitors === undefined ? {} : { inhibitors };
};

/**
 * Stores every alert of a request; the outcomes come in the order of `parsed.alerts`. An error means that at least
 * one alert is not known to be safe: the sender must repeat the request, and what was stored is then a duplicate.
 */
export const storeAlerts = (
  env: Bindings,
  parsed: Parsed,
  receiptId: string,
  source: string | null,
): Promise<Result<readonly DedupOutcome[], "overloaded">> => {
  const { format, alerts, rejects } = parsed;
  const fields = { receiptId, source, format, alerts: alerts.length, rejected: rejects.length };
  return inSpan("ingest", fields, async (note) => {
    const stored = await storeInShards(env, parsed, receiptId, source);
    note({ outcome: stored.ok ? "stored" : stored.error });
    return stored;
  });
};

const storeInShards = async (
  env: Bindings,
  parsed: Parsed,
  receiptId: string,
  source: string | null,
): Promise<Result<readonly DedupOutcome[], "overloaded">> => {
  const byShard = new Map<string, number[]>();
  let lastName: string | null = null;
  let lastShard = "";
  parsed.alerts.forEach(({ alert }, i) => {
    const name = "alertname" in alert.labels ? alertName(alert.labels) : null;
    if (name === null || name !== lastName) lastShard = shardName(env, alert.labels);
    lastName = name;
    const list = byShard.get(lastShard);
    if (list === undefined) byShard.set(lastShard, [i]);
    else list.push(i);
  });
  const outcomes = new Array<DedupOutcome>(parsed.alerts.length);
  const { format, upstream } = parsed;
  const all = parsed.alerts.map(({ alert }) => alert);
  // What only repeats asks nobody; the rest is asked about once, whatever shards it goes to.
  let found: ReturnType<typeof findInhibitors> | null = null;
  const amongAll = (): ReturnType<typeof findInhibitors> => {
    found ??= findInhibitors(env, all);
    return found;
  };
  let onlyRepeats = true;
  const answers = await Promise.all(
    [...byShard].map(async ([name, indexes]) => {
      const alerts = indexes.map((i) => parsed.alerts[i]!.alert);
      const answer = (await repeatAlerts(env, name, alerts))
        ? "repeated"
        : await callShard(env, name, { alerts, receiptId, source, format, upstream, ...(await amongAll()) });
      if (answer !== "repeated") onlyRepeats = false;
      if (answer !== "repeated" && !answer.ok) return false;
      if (answer !== "repeated") learn(name, alerts, answer, Date.now());
      indexes.forEach((i, k) => {
        outcomes[i] = answer === "repeated" ? "duplicate" : answer.outcomes[k]!;
      });
      return true;
    }),
  );
  if (onlyRepeats) keepBody(parsed);
  return answers.every((stored) => stored) ? ok(outcomes) : err("overloaded");
};
