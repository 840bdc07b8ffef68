/**
 * The Worker of the demo while its past is made: the very same code under a clock that can be set, with two more routes
 * for whoever sets it. Only ever run on loopback, before the demo proper starts, and part of no deployment.
 */

import "./clock.ts";

import { HOUR_MS, hourOf } from "../../core/history/rollup.ts";
import { countDeliveries } from "../../worker/db/delivery-times.ts";
import type { Bindings } from "../../worker/env.ts";
import service, * as classes from "../../worker/index.ts";
import { realTimeOf, setClock } from "./clock.ts";

export { LiveFeed, MetricsHub, TargetRegistry } from "../../worker/index.ts";

type Timed = "SHARDS" | "GROUPS" | "TARGETS";

/** Alarms of objects, by the clock that was set. */
const due = new Map<string, { readonly binding: Timed; readonly at: number }>();
let busy = 0;
let lastWork = 0;

const atWork = async <T>(work: () => Promise<T>): Promise<T> => {
  busy += 1;
  try {
    return await work();
  } finally {
    busy -= 1;
    lastWork = performance.now();
  }
};

/** Alarms are set by the clock that is in force and kept by the real one. */
const keepAlarms = (ctx: DurableObjectState, binding: Timed): void => {
  const { storage } = ctx;
  const set = storage.setAlarm.bind(storage);
  const id = ctx.id.toString();
  Object.defineProperty(storage, "setAlarm", {
    value: (at: number | Date): Promise<void> => {
      due.set(id, { binding, at: Number(at) });
      return set(realTimeOf(Number(at)));
    },
  });
};

export class AlertShard extends classes.AlertShard {
  constructor(ctx: DurableObjectState, env: Bindings) {
    keepAlarms(ctx, "SHARDS");
    super(ctx, env);
  }
  wake(): Promise<void> {
    return this.alarm();
  }
}
export class AlertGroup extends classes.AlertGroup {
  constructor(ctx: DurableObjectState, env: Bindings) {
    keepAlarms(ctx, "GROUPS");
    super(ctx, env);
  }
  wake(): Promise<void> {
    return this.alarm();
  }
}
export class TargetObject extends classes.TargetObject {
  constructor(ctx: DurableObjectState, env: Bindings) {
    keepAlarms(ctx, "TARGETS");
    super(ctx, env);
  }
  wake(): Promise<void> {
    return this.alarm();
  }
}

const send = globalThis.fetch;
globalThis.fetch = (...given: Parameters<typeof fetch>) => atWork(() => send(...given));

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until nothing has been done for a while: bells take some milliseconds from one queue to the next. */
const rest = async (quietMs: number): Promise<void> => {
  lastWork = performance.now();
  while (busy > 0 || performance.now() - lastWork < quietMs) await sleep(10);
};

/** The cron counts the hour before, so every hour has to have its turn. */
let nextHour = 0;
const countHours = async (env: Bindings, to: number): Promise<void> => {
  if (nextHour === 0) nextHour = hourOf(to);
  for (; nextHour + HOUR_MS + COUNTED_AFTER_MS <= to; nextHour += HOUR_MS) {
    await countDeliveries(env.DB, nextHour + HOUR_MS + COUNTED_AFTER_MS);
  }
};

/** Longer than a result takes to D1. */
const FLUSH_MS = 12;
/** As the cron has it. */
const COUNTED_AFTER_MS = 600_000;
/** A target that is paced sends one after the other for a while, and each at its time. */
const PACED_MS = 120_000;
/** One that is dead is tried again and again: later on as often as is bearable. */
const MOST_LATER = 4;

const wake = async (env: Bindings, id: string, binding: Timed): Promise<void> => {
  due.delete(id);
  const namespace = env[binding] as unknown as DurableObjectNamespace<TargetObject>;
  await namespace.get(namespace.idFromString(id)).wake();
  // What it has done is on its way to D1, and belongs to the time at which it was done.
  if (binding === "TARGETS") await rest(FLUSH_MS);
};

/** Fires what is due by then, each object at its time, and what is left at the end. */
const goTo = async (env: Bindings, to: number): Promise<void> => {
  const soon = Date.now() + PACED_MS;
  const later = new Map<string, number>();
  const dueNow = () => [...due].filter(([, { at }]) => at <= to).toSorted(([, a], [, b]) => a.at - b.at);
  for (;;) {
    const first = dueNow().find(([id, { at }]) => at < soon || (later.get(id) ?? 0) < MOST_LATER);
    if (first === undefined) break;
    const [id, { binding, at }] = first;
    if (at >= soon) later.set(id, (later.get(id) ?? 0) + 1);
    setClock(Math.max(at, Date.now()));
    await wake(env, id, binding);
  }
  setClock(to);
  for (const [id, { binding }] of dueNow()) await wake(env, id, binding);
  await countHours(env, to);
};

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/demo/clock") {
      await goTo(env, Number(searchParams.get("to")));
      return Response.json({ now: Date.now() });
    }
    if (pathname === "/demo/rest") {
      await rest(Number(searchParams.get("quiet")));
      return Response.json({ due: due.size });
    }
    return service.fetch(request, env, ctx);
  },
  queue: (batch, env, ctx) => atWork(() => service.queue(batch, env, ctx)),
  scheduled: (controller, env) =>
    atWork(() =>
      service.scheduled({ cron: controller.cron, scheduledTime: Date.now(), noRetry: () => controller.noRetry() }, env),
    ),
} satisfies ExportedHandler<Bindings>;
