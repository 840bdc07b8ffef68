/** Tells one subject's line from the front until it is empty or has to wait. One at a time per subject. */
import { alertName } from "../../core/alert/alert.ts";
import { nextAttemptAt } from "../../core/publish/backoff.ts";
import type { Hold, Pass } from "../../core/publish/gate.ts";
import { formatOf } from "../../core/publish/index.ts";
import type { Notification } from "../../core/publish/notification.ts";
import type { Outcome } from "../../core/publish/outcome.ts";
import type { Target } from "../../core/route/target.ts";
import { retryOptions } from "../delivery-options.ts";
import type { Bindings } from "../env.ts";
import { logInfo } from "../log.ts";
import { registry } from "../registry.ts";
import { inSpan } from "../span.ts";
import { attempt, type Permission, type Verdict } from "./target-attempt.ts";
import type { Desk } from "./target-desk.ts";
import type { Reporter } from "./target-reporter.ts";
import type { TargetState } from "./target-state.ts";
import * as store from "./target-store.ts";
import { tellOfTrouble } from "./target-trouble.ts";

/** What a line needs of its object. */
export interface Shop {
  readonly env: Bindings;
  readonly name: string;
  readonly sql: SqlStorage;
  readonly state: TargetState;
  readonly desk: Desk;
  readonly reporter: Reporter;
  readonly hold: () => Hold | null;
  readonly isBusy: (subject: string) => boolean;
}

/**
 * Works on `line`, to which more may be added meanwhile. `target` is null where nobody is to be told any more; `pass`
 * is good for the first request.
 */
export const workLine = async (
  shop: Shop,
  subject: string,
  line: store.Entry[],
  target: Target | null,
  pass: Pass | null,
): Promise<void> => {
  let open = pass;
  try {
    if (target === null) return await giveUp(shop, line);
    const { audience } = formatOf(target);
    for (;;) {
      const now = Date.now();
      const settled = shop.desk.settle(subject, line, audience, now);
      line.splice(0, line.length, ...settled.line);
      const [entry] = line;
      if (entry === undefined || settled.tell === null) return;
      const hold = open === null ? shop.hold() : null;
      if (hold !== null || entry.nextAttemptAt > now) {
        const waits = line.splice(0).map((e) => (e.stored ? e : { ...e, reason: e.reason ?? hold?.reason ?? null }));
        return shop.desk.keep({ ...settled, line: waits }, now);
      }
      const used = open ?? shop.state.enter(now);
      open = null;
      const left = await deliver(shop, target, entry, settled.tell, used);
      const at = line.findIndex((e) => e.seq === entry.seq && e.replay === entry.replay);
      line.splice(at, 1, ...(left === null ? [] : [left]));
    }
  } finally {
    if (open !== null) shop.state.giveBack(open);
  }
};

const giveUp = async (shop: Shop, line: store.Entry[]): Promise<void> => {
  const reason = (await registry(shop.env).get(shop.name)) === null ? "target_gone" : "target_disabled";
  for (const entry of line.splice(0)) {
    shop.desk.finish(entry, { state: "canceled", reason, error: null, attempts: entry.attempts }, Date.now());
  }
};

const permissionOf = (shop: Shop, target: Target, entry: store.Entry): Permission => ({
  enter: () => shop.hold() ?? shop.state.enter(Date.now()),
  giveBack: (pass) => shop.state.giveBack(pass),
  record: (pass, outcome, attempts, durationMs) => {
    const now = Date.now();
    const asked = outcome.kind === "retry" ? outcome.afterMs : null;
    const window = target.retryWindowSeconds;
    const retryAt = nextAttemptAt(now, now, attempts, window, asked, Math.random(), retryOptions(shop.env)) ?? now;
    shop.state.record(pass, outcome, retryAt, durationMs, now);
    logInfo("delivery.attempt", {
      target: target.name,
      id: entry.notification.id,
      outcome: outcome.kind,
      status: outcome.statusCode,
      reason: outcome.kind === "delivered" ? null : outcome.reason,
    });
  },
});

/** One attempt and its consequence; answers the entry as it waits on, or null when it came to its end. */
const deliver = (shop: Shop, target: Target, entry: store.Entry, told: Notification, pass: Pass) => {
  const { subject, notification } = entry.item;
  const [first] = notification.alerts;
  const fields = {
    id: notification.id,
    target: target.name,
    type: target.type,
    subject,
    alertname: first === undefined ? null : alertName(first.labels),
    alerts: notification.alerts.length + notification.truncatedAlerts,
    status: notification.status,
  };
  return inSpan("deliver", fields, async (note) => {
    const known = entry.receipt ?? store.loadTold(shop.sql, subject)?.receipt ?? null;
    const verdict = await attempt(shop.env, target, entry, told, known, pass, permissionOf(shop, target, entry));
    note({ attempt: verdict.attempts.at(-1)?.number ?? 0, outcome: verdict.kind, reason: reasonOf(verdict) });
    return settle(shop, target, entry, told, verdict);
  });
};

const reasonOf = (verdict: Verdict): string | null => {
  if (verdict.kind === "retry") return verdict.outcome.reason;
  if (verdict.kind === "held") return verdict.hold.reason;
  return verdict.kind === "rejected" ? verdict.reason : null;
};

/** Draws the consequence of an attempt; answers the entry as it waits on, or null when it came to its end. */
const settle = async (
  shop: Shop,
  target: Target,
  entry: store.Entry,
  told: Notification,
  verdict: Verdict,
): Promise<store.Entry | null> => {
  const now = Date.now();
  const { attempts, stepsDone, receipt } = verdict;
  const attempted = entry.attempted || attempts.length > entry.attempts.length;
  const progress = stepsDone.length > entry.stepsDone.length ? { receipt } : {};
  const tried: store.Entry = { ...entry, attempts, stepsDone, attempted, ...progress };
  if (verdict.kind === "delivered") {
    const reason = told.kind === "missed" ? "missed" : null;
    shop.desk.finish(tried, { state: "delivered", reason, error: verdict.note, attempts, receipt }, now);
    if (shop.state.trouble !== null) await tellOfTrouble(shop, null, entry, now);
    return null;
  }
  if (verdict.kind === "not_opened") {
    shop.desk.finish(tried, { state: "canceled", reason: "not_opened", error: null, attempts, receipt }, now);
    return null;
  }
  if (verdict.kind === "held") return { ...tried, nextAttemptAt: now, reason: verdict.hold.reason };
  if (verdict.kind === "rejected") {
    const { reason, error } = verdict;
    shop.desk.finish(tried, { state: "dead", reason, error, attempts, receipt }, now);
    if (verdict.unhealthy && shop.state.trouble === null) await tellOfTrouble(shop, error, entry, now);
    return null;
  }
  return retryLater(shop, target, tried, verdict.outcome, now);
};

/** A test that comes hours after it was asked for would be taken for news. */
const windowOf = ({ retryWindowSeconds }: Target, { kind }: Notification): number =>
  kind === "test" ? 0 : retryWindowSeconds;

const retryLater = (
  shop: Shop,
  target: Target,
  entry: store.Entry,
  outcome: Outcome & { kind: "retry" },
  now: number,
): store.Entry | null => {
  const { reason, error, afterMs } = outcome;
  const window = windowOf(target, entry.notification);
  const made = entry.attempts.at(-1)?.number ?? 1;
  const at = nextAttemptAt(now, entry.since, made, window, afterMs, Math.random(), retryOptions(shop.env));
  // The target failed again just now: what waits for longer than the window is not tried one by one.
  if (shop.state.breaker.state === "open") shop.desk.expire(target.retryWindowSeconds, error, shop.isBusy, now);
  if (at === null) {
    shop.desk.finish(entry, { state: "dead", reason, error, attempts: entry.attempts }, now);
    return null;
  }
  return { ...entry, state: "retry", reason, error, nextAttemptAt: at };
};
