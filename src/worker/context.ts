/** Fetches what a decision depends on and hands it to core as answers to its questions. */
import { compileRegex } from "../core/alert/regex.ts";
import { DEFAULT_THRESHOLD } from "../core/classify/mode.ts";
import type { AlertEvent } from "../core/history/event.ts";
import type { Context, TargetState } from "../core/pipeline/context.ts";
import type { Target } from "../core/route/target.ts";
import { toldTargets } from "./db/told.ts";
import type { Bindings } from "./env.ts";
import { registry } from "./registry.ts";
import { loadSettings } from "./settings.ts";

/** Base of links in notifications; a deployment without PUBLIC_URL has only relative ones. */
export const publicUrl = (env: Bindings): string => (env.PUBLIC_URL ?? "").replace(/\/+$/, "");

const threshold = (env: Bindings): number => {
  const value = Number(env.CLASSIFICATION_THRESHOLD);
  return env.CLASSIFICATION_THRESHOLD !== undefined && value >= 0 && value <= 1 ? value : DEFAULT_THRESHOLD;
};

const stateOf = (target: Target): TargetState => {
  const { severity, namespaces, excludeNoise, alertNamePattern } = target.filter;
  const pattern = alertNamePattern === null ? null : compileRegex(alertNamePattern);
  return { target, own: { severity, namespaces, excludeNoise, namePattern: pattern?.ok ? pattern.value : null } };
};

/** Without a document every enabled target hears of every transition at once (contracts 8.1). */
const DEFAULT_TIMING = { groupWaitMs: 0, groupIntervalMs: 1_000, repeatIntervalMs: 4 * 3_600_000 } as const;

/** The context of these events; `events` are those whose ends may have to find the targets of their beginnings. */
export const loadContext = async (env: Bindings, now: number, events: readonly AlertEvent[] = []): Promise<Context> => {
  const [settings, registered, told] = await Promise.all([
    loadSettings(env, now),
    registry(env).list(),
    toldTargets(env.DB, events),
  ]);
  const targets = new Map(registered.map(({ target }) => [target.name, stateOf(target)]));
  const enabled = registered.filter(({ target }) => target.enabled).map(({ target }) => target.name);
  return {
    now,
    publicUrl: publicUrl(env),
    mode: settings.mode,
    threshold: threshold(env),
    suppressionEnabled: env.CLASSIFICATION_SUPPRESSION === "true",
    configVersion: settings.configVersion,
    metricsOnlyForced: env.METRICS_ONLY_MODE === "true",
    targets,
    filterRules: settings.filterRules,
    match: () => [
      {
        id: "",
        path: [[]],
        receiver: "default",
        targets: enabled,
        groupBy: ["..."],
        timing: DEFAULT_TIMING,
        regroup: false,
        fallback: null,
      },
    ],
    timeMute: () => null,
    silencedBy: () => [],
    inhibitedBy: () => [],
    toldTargets: (fingerprint) => told.get(fingerprint) ?? [],
  };
};
