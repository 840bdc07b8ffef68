/** One notification to one target, step by step: builds the request, sends it, judges the answer. Keeps nothing. */
import type { Hold, Pass } from "../../core/publish/gate.ts";
import { formatOf } from "../../core/publish/index.ts";
import type { Notification } from "../../core/publish/notification.ts";
import type { Outcome, Receipt } from "../../core/publish/outcome.ts";
import { showRequest } from "../../core/publish/shown.ts";
import type { Target } from "../../core/route/target.ts";
import type { Bindings } from "../env.ts";
import { send } from "../send.ts";
import { type KeptRequest, keepRequest, type Made, madeOf } from "../sent.ts";
import { inSpan } from "../span.ts";
import type { Attempt, Entry } from "./target-store.ts";

export interface Progress {
  readonly attempts: readonly Attempt[];
  readonly stepsDone: readonly string[];
  readonly receipt: Receipt | null;
}

export type Verdict = Progress &
  (
    | { readonly kind: "delivered"; readonly note: string | null }
    | { readonly kind: "not_opened" }
    | { readonly kind: "retry"; readonly outcome: Outcome & { kind: "retry" } }
    | { readonly kind: "rejected"; readonly reason: string; readonly error: string; readonly unhealthy: boolean }
    | { readonly kind: "held"; readonly hold: Hold }
  );

/** What the object gives: passes through its gate, and an ear for every outcome. */
export interface Permission {
  readonly enter: () => Pass | Hold;
  readonly giveBack: (pass: Pass) => void;
  readonly record: (pass: Pass, outcome: Outcome, attempts: number, durationMs: number) => void;
}

/** The ledger keeps the first attempts and the latest; their numbers show what was left out. */
const KEPT_FIRST = 5;
const KEPT_LAST = 15;

/** Of requests that failed the first stays, and the latest that was another: most tries send the same. */
const withFewRequests = (attempts: readonly Attempt[]): readonly Attempt[] => {
  const failed = attempts.filter(({ sent }) => sent !== undefined);
  const first = failed[0];
  const latest = failed.findLast(({ made }) => made?.digest !== first?.made?.digest);
  return attempts.map((one) => {
    const { sent: _sent, ...rest } = one;
    return one === first || one === latest ? one : rest;
  });
};

const withAttempt = (attempts: readonly Attempt[], attempt: Omit<Attempt, "number">): Attempt[] => {
  const all = withFewRequests([...attempts, { ...attempt, number: (attempts.at(-1)?.number ?? 0) + 1 }]);
  return all.length <= KEPT_FIRST + KEPT_LAST ? [...all] : [...all.slice(0, KEPT_FIRST), ...all.slice(-KEPT_LAST)];
};

/** The one value of a receipt that names the thing at the other side. */
const receiptName = (receipt: Receipt | null): string | undefined =>
  receipt === null ? undefined : (receipt["id"] ?? receipt["ts"] ?? receipt["dedup_key"] ?? Object.values(receipt)[0]);

const attemptOf = (
  at: number,
  durationMs: number,
  outcome: Outcome,
  made: Made,
  kept: KeptRequest | null,
): Omit<Attempt, "number"> => {
  const name = outcome.kind === "delivered" ? receiptName(outcome.receipt) : undefined;
  return {
    at,
    durationMs,
    statusCode: outcome.statusCode,
    reason: outcome.kind === "delivered" ? null : outcome.reason,
    error: outcome.kind === "delivered" ? (outcome.note ?? null) : outcome.error,
    ...(name === undefined ? {} : { receipt: name.slice(0, 200) }),
    made,
    ...(outcome.kind === "delivered" || kept === null ? {} : { sent: kept }),
  };
};

/** Tells `notification`, which stands for `entry`; `pass` is good for its first request. */
export const attempt = async (
  env: Bindings,
  target: Target,
  entry: Entry,
  notification: Notification,
  known: Receipt | null,
  pass: Pass,
  permission: Permission,
): Promise<Verdict> => {
  const format = formatOf(target);
  let progress: Progress = { attempts: entry.attempts, stepsDone: entry.stepsDone, receipt: known };
  let note: string | null = null;
  let open: Pass | null = pass;
  try {
    for (;;) {
      const now = Date.now();
      const step = format.next(notification, target, progress.receipt, progress.stepsDone, now);
      if (!step.ok)
        return { ...progress, kind: "rejected", reason: "payload", error: step.error.error, unhealthy: false };
      if (step.value === "not_opened") return { ...progress, kind: "not_opened" };
      if (step.value === "done") return { ...progress, kind: "delivered", note };
      if (open === null) {
        const asked = permission.enter();
        if ("reason" in asked) return { ...progress, kind: "held", hold: asked };
        open = asked;
      }
      const { name, request } = step.value;
      const shown = showRequest(request, target);
      const sending = inSpan("send", { target: target.name, type: target.type, step: name }, async (note) => {
        const got = await send(env, request, notification.id, target.timeoutSeconds * 1000, now);
        note(got.kind === "answer" ? { status: got.status } : { reason: got.reason });
        return got;
      });
      const [answer, made] = await Promise.all([
        sending,
        madeOf(shown, notification, progress.receipt, progress.stepsDone),
      ]);
      if (answer.kind === "blocked")
        return { ...progress, kind: "rejected", reason: answer.reason, error: answer.error, unhealthy: false };
      const after = Date.now();
      const outcome = step.value.read(answer, progress.receipt, after);
      const attempts = withAttempt(
        progress.attempts,
        attemptOf(now, after - now, outcome, made, keepRequest(shown, target)),
      );
      permission.record(open, outcome, attempts.length, after - now);
      open = null;
      progress = { ...progress, attempts };
      if (outcome.kind === "retry") return { ...progress, kind: "retry", outcome };
      if (outcome.kind === "rejected") return { ...progress, ...outcome, kind: "rejected" };
      note = outcome.note ?? note;
      progress = { attempts, receipt: outcome.receipt, stepsDone: [...progress.stepsDone, step.value.name] };
    }
  } finally {
    if (open !== null) permission.giveBack(open);
  }
};
