/** Delivers a notification step by step, as the target object does, with a sink in place of the network. */

import type { Step } from "../../src/core/publish/format.ts";
import { formatOf } from "../../src/core/publish/index.ts";
import type { Notification } from "../../src/core/publish/notification.ts";
import type { Answer, Outcome, Receipt } from "../../src/core/publish/outcome.ts";
import type { Target } from "../../src/core/route/target.ts";
import type { Sink, SinkRequest } from "../support/sinks/sink.ts";
import { NOW } from "./notifications.ts";

export interface Delivery {
  readonly end: "done" | "not_opened" | "failed";
  readonly steps: readonly string[];
  readonly outcomes: readonly Outcome[];
  readonly receipt: Receipt | null;
}

/** More steps than any format takes: a format that never says done fails instead of hanging. */
const MAX_STEPS = 6;

/** The step a format takes for this notification; where it takes none, the test is wrong. */
export const stepFor = (
  target: Target,
  notification: Notification,
  receipt: Receipt | null = null,
  stepsDone: readonly string[] = [],
): Step => {
  const next = formatOf(target).next(notification, target, receipt, stepsDone, NOW);
  if (!next.ok || typeof next.value === "string") throw new Error(`no step: ${JSON.stringify(next)}`);
  return next.value;
};

export const requestOf = ({ request }: Step): SinkRequest => {
  const { pathname, search } = new URL(request.url);
  return { method: request.method, url: pathname + search, headers: request.headers, body: request.body };
};

export const deliver = (
  target: Target,
  notification: Notification,
  sink: Sink,
  known: Receipt | null = null,
  now: number = NOW,
): Delivery => {
  const format = formatOf(target);
  const steps: string[] = [];
  const outcomes: Outcome[] = [];
  let receipt = known;
  while (steps.length < MAX_STEPS) {
    const next = format.next(notification, target, receipt, steps, now);
    if (!next.ok) throw new Error(next.error.error);
    if (next.value === "done" || next.value === "not_opened") return { end: next.value, steps, outcomes, receipt };
    const outcome = next.value.read({ kind: "answer", ...sink.handle(requestOf(next.value)) }, receipt, now);
    outcomes.push(outcome);
    if (outcome.kind !== "delivered") return { end: "failed", steps, outcomes, receipt };
    receipt = outcome.receipt;
    steps.push(next.value.name);
  }
  throw new Error(`${format.name} never ends: ${steps.join(", ")}`);
};

export const answer = (status: number, body: unknown = "", headers: Readonly<Record<string, string>> = {}): Answer => ({
  kind: "answer",
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});
