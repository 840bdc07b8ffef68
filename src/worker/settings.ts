/**
 * What operators have set: routing document, mode and filter rules, read together and kept for some seconds. What was
 * read last goes on being in force while D1 is away.
 */
import { DEFAULT_MODE, ENRICHMENT_MODES, type EnrichmentMode } from "../core/classify/mode.ts";
import { BUILT_IN_RULES } from "../core/filter/built-in.ts";
import type { InhibitRule } from "../core/filter/inhibition.ts";
import { compileFilterRule, type FilterRule, type FilterRuleJson, orderRules } from "../core/filter/rules.ts";
import { readSources, type Source } from "../core/ingest/source.ts";
import { type ReadConfig, readConfig } from "../core/route/config.ts";
import type { RoutingConfig } from "../core/route/routing.ts";
import { settleWithin } from "./classifier-time.ts";
import { readVersion } from "./db/config-versions.ts";
import type { Bindings } from "./env.ts";
import { logError, logWarn } from "./log.ts";
import { registry } from "./registry.ts";
import { readRoutingVariable } from "./variables.ts";

/** A change made elsewhere is in force this much later; one made here at once. */
const CACHE_MS = 10_000;

export interface Settings {
  readonly mode: EnrichmentMode;
  readonly modeSource: "stored" | "env" | "default";
  /** The mode that would hold if none were stored. */
  readonly withoutStored: EnrichmentMode;
  readonly filterRules: readonly FilterRule[];
  /** Those of them that operators stored beside the document. */
  readonly storedRules: readonly FilterRule[];
  readonly configVersion: number | null;
  /** The document in force; null before the first. */
  readonly config: RoutingConfig | null;
  /** By name, as tokens name them. */
  readonly sources: ReadonlyMap<string, Source>;
}

interface InForce {
  readonly version: number;
  readonly read: ReadConfig;
  readonly sources: ReadonlyMap<string, Source>;
}

/** Reading a document takes longer than asking for its number, so it is read once per version and isolate. */
let inForce: InForce | null = null;

/** The newest version, while it cannot be read: what this isolate read before, or no document, is in force instead. */
let unreadable: number | null = null;

/** The newest version that the registry is known to have the targets of. */
let adopted: number | null = null;

let cached: { readonly at: number; readonly settings: Settings } | null = null;

/** Forgets what was read, after a change made here. */
export const forgetSettings = (): void => {
  cached = null;
};

const isMode = (text: string | undefined): text is EnrichmentMode => ENRICHMENT_MODES.some((mode) => mode === text);

/** Stored wins over the variable, the variable over the default; an invalid variable is passed over. */
const readMode = (stored: string | undefined, env: Bindings): Pick<Settings, "mode" | "modeSource"> => {
  if (isMode(stored)) return { mode: stored, modeSource: "stored" };
  if (isMode(env.ENRICHMENT_MODE)) return { mode: env.ENRICHMENT_MODE, modeSource: "env" };
  if (env.ENRICHMENT_MODE !== undefined) logWarn("settings.invalid", { variable: "ENRICHMENT_MODE" });
  return { mode: DEFAULT_MODE, modeSource: "default" };
};

const compileRules = (rules: readonly FilterRuleJson[]): readonly FilterRule[] =>
  rules.flatMap((json) => {
    const rule = compileFilterRule(json);
    if (!rule.ok) logWarn("settings.rule", { rule: json.name });
    return rule.ok ? [rule.value] : [];
  });

/** Documents are checked before they are stored, so defects here mean that the rules for sources became stricter since. */
const compileSources = (block: unknown): ReadonlyMap<string, Source> => {
  const sources = block === null ? null : readSources(block);
  if (sources?.ok === false) logWarn("settings.sources", { defects: sources.error.length });
  return new Map((sources?.ok ? sources.value : []).map((source) => [source.name, source]));
};

/** The document of ROUTING_CONFIG, in force until one is stored; readiness names it where it cannot be. */
const fromVariable = (env: Bindings): InForce | null => {
  if (inForce?.version === 0) return inForce;
  const read = readRoutingVariable(env.ROUTING_CONFIG);
  inForce = read?.ok ? { version: 0, read: read.value, sources: compileSources(read.value.sources) } : null;
  return inForce;
};

/**
 * Which version is in force when this is the newest: one that a crash left without its targets gets them here. A registry
 * that does not answer is asked again the next time.
 */
const inForceOf = async (env: Bindings, newest: number): Promise<{ version: number; refused: string | null }> => {
  if (newest === adopted || newest === 0) return { version: newest, refused: null };
  try {
    const answer = await registry(env).adopt(newest);
    if (answer.refused === null) adopted = answer.version;
    return answer;
  } catch (error) {
    logError("settings.adopt", error, { version: newest });
    return { version: adopted ?? newest, refused: null };
  }
};

/** The document of a version; one that cannot be read leaves the last good one in force, and says so. */
const readDocument = async (env: Bindings, newest: number): Promise<InForce | null> => {
  unreadable = null;
  if (newest === 0) return fromVariable(env);
  const { version, refused } = await inForceOf(env, newest);
  if (refused !== null) {
    unreadable = newest;
    logWarn("settings.document", { version: newest, reason: refused });
    if (version === 0) return inForce;
  }
  if (inForce?.version === version) return inForce;
  const stored = await readVersion(env, version);
  const read = stored?.ok ? readConfig(stored.value.text, stored.value.secrets) : null;
  if (read?.ok) inForce = { version, read: read.value, sources: compileSources(read.value.sources) };
  else {
    unreadable = version;
    logWarn("settings.document", { version, reason: stored?.ok === false ? stored.error : "defects" });
  }
  return inForce;
};

/** Rules in the order they are asked: stored ones replace a document's of the same name and target, both those built in. */
export const filterRulesOf = (
  inDocument: readonly FilterRule[],
  stored: readonly FilterRule[],
): readonly FilterRule[] => {
  const all = [...compileRules(BUILT_IN_RULES), ...inDocument, ...stored];
  return orderRules([...new Map(all.map((rule) => [`${rule.name}\n${rule.targetName ?? ""}`, rule])).values()]);
};

const read = async (env: Bindings): Promise<Settings> => {
  const [mode, rules, newest] = await env.DB.batch<Record<string, string | number | null>>([
    env.DB.prepare("SELECT value FROM meta WHERE key = 'enrichment_mode'"),
    env.DB.prepare("SELECT rule FROM filter_rules"),
    env.DB.prepare("SELECT max(version) AS version FROM config_versions"),
  ]);
  const document = await readDocument(env, Number(newest?.results[0]?.["version"] ?? 0));
  const own = (rules?.results ?? []).map((row) => JSON.parse(String(row["rule"])) as FilterRuleJson);
  const stored = mode?.results[0]?.["value"];
  const storedRules = compileRules(own);
  return {
    ...readMode(typeof stored === "string" ? stored : undefined, env),
    withoutStored: readMode(undefined, env).mode,
    filterRules: filterRulesOf(document?.read.config.filters ?? [], storedRules),
    storedRules,
    configVersion: document === null || document.version === 0 ? null : document.version,
    config: document?.read.config ?? null,
    sources: document?.sources ?? new Map(),
  };
};

/** The document's resolve_timeout as far as this isolate knows, 0 without one: ingest waits for no store. */
export const resolveTimeoutMs = (): number => inForce?.read.config.resolveTimeoutMs ?? 0;

/** An isolate that has read nothing yet lets ingest wait this long for it, once. */
const FIRST_READ_MS = 250;
let isFirst = true;

/** The inhibition rules as last read here: ingest waits for no store but the very first time, and then a moment. */
export const inhibitRulesSoon = async (env: Bindings, now: number): Promise<readonly InhibitRule[]> => {
  if (cached === null && isFirst) {
    isFirst = false;
    await settleWithin(FIRST_READ_MS, () => loadSettings(env, now));
  }
  return cached?.settings.config?.inhibitRules ?? [];
};

export const loadSettings = async (env: Bindings, now: number): Promise<Settings> => {
  if (cached !== null && now >= cached.at && now - cached.at < CACHE_MS) return cached.settings;
  try {
    const settings = await read(env);
    cached = { at: now, settings };
    return settings;
  } catch (error) {
    logError("settings.read", error);
    if (cached === null) throw error;
    return cached.settings;
  }
};

/** The version of the configuration that should be in force and cannot be read; null: there is none such. */
export const unreadableVersion = async (env: Bindings, now: number): Promise<number | null> => {
  await loadSettings(env, now);
  return unreadable;
};

/** The mode as last read here, without waiting for D1; before the first reading what holds without D1. */
export const peekMode = (
  env: Bindings,
  now: number,
): Pick<Settings, "mode" | "modeSource"> & { readonly isStale: boolean } => ({
  ...(cached?.settings ?? readMode(undefined, env)),
  isStale: cached === null || now - cached.at >= CACHE_MS,
});
