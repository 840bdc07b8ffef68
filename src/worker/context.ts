/** Fetches what a decision depends on and hands it to core as answers to its questions. */
import { compileRegex } from "../core/alert/regex.ts";
import { silencedBy as askSilences } from "../core/filter/silence-set.ts";
import type { AlertEvent } from "../core/history/event.ts";
import { flappingUntil } from "../core/history/flapping.ts";
import type { Context, RouteMatch, TargetState } from "../core/pipeline/context.ts";
import type { RoutingConfig } from "../core/route/routing.ts";
import type { Target } from "../core/route/target.ts";
import { DEFAULT_REPEAT_MS } from "../core/route/tree.ts";
import { readTransitions } from "./db/history-transitions.ts";
import { toldTargets as readTold } from "./db/told.ts";
import type { Bindings } from "./env.ts";
import { type Asking, loadInhibitions } from "./inhibitions.ts";
import { isMetricsOnlyForced } from "./mode.ts";
import { type RegisteredTarget, registry } from "./registry.ts";
import { compileRouting, type Routing } from "./routing.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { loadSilences } from "./silences.ts";
import { isOn, numberOf } from "./variables.ts";

/** Base of links in notifications; a deployment without PUBLIC_URL has only relative ones. */
export const publicUrl = (env: Bindings): string => (env.PUBLIC_URL ?? "").replace(/\/+$/, "");

const stateOf = (target: Target): TargetState => {
  const { severity, namespaces, excludeNoise, alertNamePattern } = target.filter;
  const pattern = alertNamePattern === null ? null : compileRegex(alertNamePattern);
  return { target, own: { severity, namespaces, excludeNoise, namePattern: pattern?.ok ? pattern.value : null } };
};

/** Without a document every enabled target hears of every transition at once (contracts 8.1). */
const DEFAULT_ROUTE: Omit<RouteMatch, "targets"> = {
  id: "",
  path: [[]],
  receiver: "default",
  labels: {},
  groupBy: ["..."],
  splitBy: [],
  timing: { groupWaitMs: 0, groupIntervalMs: 1_000, repeatIntervalMs: DEFAULT_REPEAT_MS },
  repeats: false,
  regroup: false,
  isSink: false,
  fallback: null,
};

const withoutDocument = (enabled: readonly string[]): Pick<Routing, "match" | "timeMute"> => ({
  match: () => [{ ...DEFAULT_ROUTE, targets: enabled }],
  timeMute: () => null,
});

let compiled: { readonly of: readonly unknown[]; readonly routing: Routing } | null = null;

/** Compiling a tree of hundreds of routes takes longer than a decision, so it is kept while nothing changed. */
const routingOf = (config: RoutingConfig, registered: readonly Pick<RegisteredTarget, "target">[]): Routing => {
  if (compiled !== null && compiled.of[0] === config && compiled.of[1] === registered) return compiled.routing;
  const known = new Set(registered.map(({ target }) => target.name));
  compiled = { of: [config, registered], routing: compileRouting(config, known, enabledNames(registered)) };
  return compiled.routing;
};

const enabledNames = (registered: readonly Pick<RegisteredTarget, "target">[]): readonly string[] =>
  registered.filter(({ target }) => target.enabled).map(({ target }) => target.name);

/**
 * The context of these events, whose ends may have to find the targets of their beginnings, or of `members` of a group
 * that were decided before.
 */
export const loadContext = async (
  env: Bindings,
  now: number,
  events: readonly AlertEvent[] = [],
  members: readonly Asking[] = [],
): Promise<Context> => {
  const settings = await loadSettings(env, now);
  const flapping = settings.config?.flapping ?? null;
  const [registered, told, transitions, silences, inhibited] = await Promise.all([
    registry(env).list(),
    readTold(env.DB, events),
    flapping === null ? null : readTransitions(env.DB, events, flapping.transitions),
    loadSilences(env.DB, now),
    loadInhibitions(env.DB, settings.config?.inhibitRules ?? [], events, members, now),
  ]);
  return contextOf(env, now, settings, registered, {
    silencedBy: (labels, at) => askSilences(silences, labels, at),
    inhibitedBy: inhibited,
    flappingUntil: ({ fingerprint, kind, receivedAt }) =>
      flapping === null || kind === "new"
        ? null
        : flappingUntil(receivedAt, transitions?.get(fingerprint) ?? [], flapping),
    toldTargets: (fingerprint) => told.get(fingerprint) ?? [],
  });
};

/** The same from what is given, for candidates of a configuration that nobody has put in force. */
export const contextOf = (
  env: Bindings,
  now: number,
  settings: Settings,
  registered: readonly Pick<RegisteredTarget, "target">[],
  asked: Pick<Context, "silencedBy" | "inhibitedBy" | "flappingUntil" | "toldTargets">,
): Context => {
  const { config } = settings;
  const { match, timeMute } =
    config === null ? withoutDocument(enabledNames(registered)) : routingOf(config, registered);
  return {
    now,
    publicUrl: publicUrl(env),
    mode: settings.mode,
    threshold: config?.classification.threshold ?? numberOf(env, "CLASSIFICATION_THRESHOLD"),
    suppressionEnabled: config?.classification.suppression ?? isOn(env, "CLASSIFICATION_SUPPRESSION"),
    configVersion: settings.configVersion,
    metricsOnlyForced: isMetricsOnlyForced(env),
    targets: new Map(registered.map(({ target }) => [target.name, stateOf(target)])),
    filterRules: settings.filterRules,
    match,
    timeMute,
    storm: config?.storm ?? null,
    silencedBy: asked.silencedBy,
    inhibitedBy: asked.inhibitedBy,
    flappingUntil: asked.flappingUntil,
    toldTargets: asked.toldTargets,
  };
};
