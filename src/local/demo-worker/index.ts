/**
 * The Worker of the demo while its past is made: the very same code under a clock that can be set, with two more routes
 * for whoever sets it. Only ever run on loopback, before the demo proper starts, and part of no deployment.
 */
import { realTimeOf, setClock } from "./clock.ts";
// biome-ignore assist/source/organizeImports: the clock comes first.
import service, * as classes from "../../worker/index.ts";
import type { Bindings } from "../../worker/env.ts";

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

/** Fires what was due by then, each object at most twice: at its time, and once more at the end. */
const goTo = async (env: Bindings, to: number): Promise<void> => {
  for (const round of [1, 2]) {
    const now = [...due].filter(([, { at }]) => at <= to).toSorted(([, a], [, b]) => a.at - b.at);
    for (const [id, { binding, at }] of now) {
      due.delete(id);
      if (round === 1) setClock(Math.max(at, Date.now()));
      const namespace = env[binding] as unknown as DurableObjectNamespace<TargetObject>;
      await namespace.get(namespace.idFromString(id)).wake();
    }
    if (round === 1) setClock(to);
  }
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until nothing has been done for a while: bells take some milliseconds from one queue to the next. */
const rest = async (quietMs: number): Promise<void> => {
  lastWork = performance.now();
  while (busy > 0 || performance.now() - lastWork < quietMs) await sleep(10);
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
      service.scheduled(
        { cron: controller.cron, scheduledTime: Date.now(), noRetry: () => controller.noRetry() },
        env,
      ),
    ),
} satisfies ExportedHandler<Bindings>;
