/**
 * Keeps the health of all targets (contracts 9.6): from what their objects say of real deliveries, and where there was
 * none for a while from a probe. Judging is core's.
 */
import { type Health, recordHealth, UNKNOWN_HEALTH } from "../core/publish/health.ts";
import { type CombinedHealth, combineHealth } from "../core/publish/probe.ts";
import type { Target } from "../core/route/target.ts";
import { loadHealth, NO_HEALTH, saveHealth, type TargetHealth } from "./db/target-health.ts";
import { healthLimits } from "./delivery-options.ts";
import type { Bindings } from "./env.ts";
import { noteChange } from "./live.ts";
import { logError } from "./log.ts";
import { forgetTarget, noteHealth } from "./metrics/delivery.ts";
import { type Probed, probe } from "./probe.ts";
import { type RegisteredTarget, registry } from "./registry.ts";
import { numberOf } from "./variables.ts";

/** A delivery this recent says more than a probe; also how often a quiet target is probed. */
const intervalMs = (env: Bindings): number => numberOf(env, "HEALTH_INTERVAL") * 1000;
/** Cron comes some seconds early or late. */
const TOLERANCE_MS = 20_000;
/** Connections at once: the platform allows six. */
const PARALLEL = 5;
/** Of one run: an invocation may make a thousand calls, and each target takes up to four. The rest is next. */
const MAX_TARGETS_PER_RUN = 220;
/** Cron comes again after a minute: what is not begun by then is next, and what was learnt is written before. */
const BEGIN_WITHIN_MS = 40_000;

/** What the target's object says of its deliveries. */
const askObject = async (
  env: Bindings,
  name: string,
): Promise<{ health: Health; breaker: TargetHealth["breaker"] }> => {
  const { health, breaker } = await env.TARGETS.getByName(name).status();
  return { health, breaker };
};

const lastCheck = ({ delivery, probe: probed }: TargetHealth): number =>
  Math.max(delivery.lastCheckAt ?? 0, probed.lastCheckAt ?? 0);

const judge = (env: Bindings, { probe }: TargetHealth, { outcome, durationMs, at }: Probed): Health =>
  recordHealth(probe ?? UNKNOWN_HEALTH, outcome, durationMs, at, healthLimits(env));

/** The health of one target by now, with what its object says; probes it where `isManual` or no delivery is recent. */
const examine = async (env: Bindings, target: Target, before: TargetHealth, now: number, isManual: boolean) => {
  const { health: delivery, breaker } = await askObject(env, target.name);
  const known = { ...before, delivery, breaker };
  const isQuiet = lastCheck(known) <= now - intervalMs(env) + TOLERANCE_MS;
  const probed = isManual || (target.enabled && isQuiet) ? await probe(env, target) : null;
  const after: TargetHealth = probed === null ? known : { ...known, probe: judge(env, before, probed) };
  return { health: after, probed };
};

/** Both sides together; a target whose definition cannot be used is as good as broken, whatever they say. */
export const healthOf = (defect: RegisteredTarget["defect"], health: TargetHealth): CombinedHealth => {
  const combined = combineHealth(health);
  if (defect === null) return combined;
  const lastError = `its stored definition cannot be used as it is: ${defect}`;
  return { ...combined, status: "unhealthy", lastReason: "blocked_host", lastError };
};

/** For the metrics and for whoever looks. */
const noteNews = (name: string, health: TargetHealth): void => {
  const combined = combineHealth(health);
  noteHealth(name, combined);
  noteChange("target", name, combined.status);
};

/** One target, probed now; stored. */
export const checkTarget = async (env: Bindings, target: Target) => {
  const before = (await loadHealth(env.DB)).get(target.name) ?? NO_HEALTH;
  const { health, probed } = await examine(env, target, before, Date.now(), true);
  await saveHealth(env.DB, new Map([[target.name, health]]), []);
  noteNews(target.name, health);
  return { health, probed };
};

/** Every target whose turn it is; those looked at longest ago first. Answers how many. */
export const checkAllTargets = async (env: Bindings, now: number): Promise<number> => {
  const [targets, known] = await Promise.all([registry(env).list(), loadHealth(env.DB)]);
  const names = new Set(targets.map(({ target }) => target.name));
  const gone = [...known.keys()].filter((name) => !names.has(name));
  const due = targets
    // Of one that cannot be used there is nothing to ask.
    .filter(({ target, defect }) => target.enabled && defect === null)
    .map(({ target }) => ({ target, before: known.get(target.name) ?? NO_HEALTH }))
    .filter(({ before }) => lastCheck(before) <= now - intervalMs(env) + TOLERANCE_MS)
    .sort((a, b) => lastCheck(a.before) - lastCheck(b.before))
    .slice(0, MAX_TARGETS_PER_RUN);
  let count = 0;
  const beganAt = Date.now();
  const changed = new Map<string, TargetHealth>();
  const next = async (): Promise<void> => {
    for (let item = due.shift(); item !== undefined; item = due.shift()) {
      if (Date.now() - beganAt > BEGIN_WITHIN_MS) return;
      count += 1;
      const examined = await examine(env, item.target, item.before, now, false).catch((error: unknown) =>
        logError("health.check", error, { target: item.target.name }),
      );
      const health = examined?.health ?? item.before;
      if (JSON.stringify(health) !== JSON.stringify(item.before)) changed.set(item.target.name, health);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, next));
  await saveHealth(env.DB, changed, gone);
  for (const [name, health] of changed) noteNews(name, health);
  for (const { target, defect } of targets) {
    if (defect !== null) noteHealth(target.name, healthOf(defect, known.get(target.name) ?? NO_HEALTH));
  }
  for (const name of gone) forgetTarget(name);
  return count;
};
