/** Asks the model within budget, breaker and time, repeating where a repeat helps. Whether to ask is decided elsewhere. */
import { alertName, type Labels, type Millis } from "../core/alert/alert.ts";
import { severityOf } from "../core/alert/severity.ts";
import { admit, type BreakerOptions, record, release } from "../core/classify/breaker.ts";
import { type BudgetLimits, type BudgetReason, returnCall, takeCall } from "../core/classify/budget.ts";
import { type FallbackReason, isUnhealthy } from "../core/classify/call.ts";
import type { Question } from "../core/classify/prompt.ts";
import { type AnswerRead, type ModelAnswer, readAnswer } from "../core/classify/read.ts";
import { type CallFailure, waitBeforeRetry } from "../core/classify/retry.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { ClassifierMemory } from "./classifier-memory.ts";
import { type ModelProvider, networkFailure, type RawAnswer } from "./classifier-provider.ts";
import { settleWithin, sleep } from "./classifier-time.ts";

export interface AskOptions {
  readonly memory: ClassifierMemory;
  readonly budget: BudgetLimits;
  readonly breaker: BreakerOptions;
  readonly maxAttempts: number;
  /** What the model is normally given; a timeout in much less says nothing about it. */
  readonly timeoutMs: number;
  readonly now: () => Millis;
}

export interface Asked {
  readonly answer: ModelAnswer | null;
  readonly reason: FallbackReason | null;
  readonly attempts: number;
  readonly statusCode: number | null;
  readonly read: AnswerRead | null;
  readonly error: string | null;
  /** The model had its chance and failed on this question: not worth asking again for a while. */
  readonly failedFairly: boolean;
}

/** How often a full house is looked at again. */
export const POLL_MS = 20;

/** Asks about one alert until `until`; always comes back by then. */
export async function askModel(
  provider: ModelProvider,
  question: Question,
  labels: Labels,
  until: Millis,
  options: AskOptions,
): Promise<Asked> {
  const { memory, now } = options;
  let last: CallFailure | null = null;
  for (let attempts = 0; ; ) {
    const left = until - now();
    const place = left > 0 ? enter(labels, options) : err("busy" as const);
    if (!place.ok) {
      if (place.error === "busy" && left > POLL_MS) {
        await sleep(POLL_MS);
        continue;
      }
      // What failed says more than what kept it from being tried again.
      return last ? failed(last, attempts, true) : notAsked(place.error);
    }
    attempts += 1;
    const outcome = await attempt(provider, question, left);
    memory.budget = returnCall(memory.budget, place.value.lease);
    const cutShort = !outcome.ok && outcome.error.reason === "timeout" && left < options.timeoutMs / 2;
    const { probe } = place.value;
    memory.breaker = cutShort
      ? release(memory.breaker, probe)
      : record(memory.breaker, { ok: isHealthy(outcome), probe }, now(), options.breaker);
    if (outcome.ok) return answered(provider, outcome.value, attempts);

    last = outcome.error;
    const times = { now: now(), until, jitter: Math.random() };
    const wait = waitBeforeRetry({ failure: last, attempt: attempts, maxAttempts: options.maxAttempts, ...times });
    if (wait === null) return failed(last, attempts, !cutShort);
    await sleep(wait);
  }
}

/** Budget and breaker both agree or neither changes. */
function enter(
  labels: Labels,
  { memory, budget, breaker, now }: AskOptions,
): Result<{ readonly lease: Millis; readonly probe: boolean }, BudgetReason | "breaker_open"> {
  const at = now();
  const spending = takeCall(memory.budget, { name: alertName(labels), severity: severityOf(labels) }, at, budget);
  if (!spending.allowed) return err(spending.reason);
  const admission = admit(memory.breaker, at, breaker);
  if (!admission.allowed) return err("breaker_open");
  memory.budget = spending.budget;
  memory.breaker = admission.breaker;
  return ok({ lease: spending.lease, probe: admission.probe });
}

async function attempt(
  provider: ModelProvider,
  question: Question,
  ms: number,
): Promise<Result<RawAnswer, CallFailure>> {
  const settled = await settleWithin(ms, (signal) => provider.ask(question, signal));
  if (settled.ok) return settled.value;
  if (settled.error === "failed") return err(networkFailure("the model cannot be reached"));
  return err({ ...networkFailure("no answer in time"), reason: "timeout", retryable: false });
}

const isHealthy = (outcome: Result<RawAnswer, CallFailure>): boolean =>
  outcome.ok || !isUnhealthy(outcome.error.reason, outcome.error.statusCode);

function answered(provider: ModelProvider, raw: RawAnswer, attempts: number): Asked {
  const read = readAnswer(provider.wire, raw.body, provider.secrets);
  const common = { attempts, statusCode: raw.statusCode, read };
  if (read.answer.ok) return { ...common, answer: read.answer.value, reason: null, error: null, failedFairly: false };
  const { reason } = read.answer.error;
  return { ...common, answer: null, reason, error: "the answer is no classification", failedFairly: true };
}

const failed = ({ reason, statusCode, error }: CallFailure, attempts: number, failedFairly: boolean): Asked => ({
  answer: null,
  reason,
  attempts,
  statusCode,
  read: null,
  error,
  failedFairly,
});

const notAsked = (reason: FallbackReason): Asked => ({
  answer: null,
  reason,
  attempts: 0,
  statusCode: null,
  read: null,
  error: null,
  failedFairly: false,
});
