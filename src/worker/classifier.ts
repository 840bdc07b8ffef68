/**
 * One interface for whoever wants an alert classified: remembered answer, model, or rules, always within the deadline and
 * always with a record of how it came about. What an answer may do to the alert is decided in core (classify/policy).
 */
import type { Millis } from "../core/alert/alert.ts";
import { severityOf } from "../core/alert/severity.ts";
import { type BreakerOptions, MODEL_BREAKER } from "../core/classify/breaker.ts";
import { type BudgetLimits, DEFAULT_BUDGET, isBelowFloor, learnUsage } from "../core/classify/budget.ts";
import { type AlertHistory, PROMPT_VERSION } from "../core/classify/prompt.ts";
import { type Classifiable, DEFAULT_REDACTION, type RedactOptions, redactAlert } from "../core/classify/redact.ts";
import { RULES_MODEL, RULES_VERSION } from "../core/classify/rules.ts";
import { cacheKey, signatureOf, VOLATILE_LABELS } from "../core/classify/signature.ts";
import { askModel, POLL_MS } from "./classifier-ask.ts";
import { type ClassifierMemory, recall, remember } from "./classifier-memory.ts";
import { type OpenaiConfig, openaiProvider } from "./classifier-openai.ts";
import type { ModelProvider } from "./classifier-provider.ts";
import { byModel, byRules, type Classified, type Decision, fromCache } from "./classifier-result.ts";
import { type ClassificationStore, readEntry, readUsage, readWithin, writeEntry } from "./classifier-store.ts";
import { sleep } from "./classifier-time.ts";
import { type WorkersAiConfig, workersAiProvider } from "./classifier-workers-ai.ts";

export interface ClassifierConfig {
  /** null: the rules answer. */
  readonly model: OpenaiConfig | WorkersAiConfig | null;
  readonly promptVersion: string;
  /** One decision, repeats and waits included. */
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly cacheTtlMs: number;
  readonly redaction: RedactOptions;
  /** Labels that do not distinguish problems, see classify/signature. */
  readonly volatileLabels: readonly string[];
  readonly budget: BudgetLimits;
  readonly breaker: BreakerOptions;
}
export const DEFAULT_CLASSIFIER: ClassifierConfig = {
  model: null,
  promptVersion: PROMPT_VERSION,
  timeoutMs: 5000,
  maxAttempts: 3,
  cacheTtlMs: 3_600_000,
  redaction: DEFAULT_REDACTION,
  volatileLabels: VOLATILE_LABELS,
  budget: DEFAULT_BUDGET,
  breaker: MODEL_BREAKER,
};

export interface ClassifierDependencies {
  /** One per isolate: answers, budget and breaker live in it. */
  readonly memory: ClassifierMemory;
  readonly store: ClassificationStore | null;
  readonly now: () => Millis;
  /** Takes work nobody waits for: `ctx.waitUntil`. */
  readonly background: (work: Promise<unknown>) => void;
}

export interface ClassifyOptions {
  /** Ask again whatever is remembered, also about a resolved alert. */
  readonly force?: boolean;
  /** Asked only where a model is; slow or failing it is left out. */
  readonly history?: () => Promise<AlertHistory>;
}

export interface Classifier {
  /**
   * `deadline` is a moment in milliseconds since the epoch; the configured timeout may end the decision earlier. Never
   * rejects: where no model answers the rules do.
   */
  classify(alert: Classifiable, deadline: Millis, options?: ClassifyOptions): Promise<Classified>;
}

/** A model that failed on a signature is not asked about it again for this long (contracts 5.3). */
const FAILURE_TTL_MS = 5 * 60_000;
/** How old the shared count of calls may be. */
const USAGE_AGE_MS = 30_000;

export function createClassifier(config: ClassifierConfig, dependencies: ClassifierDependencies): Classifier {
  const { model } = config;
  if (model === null) return rulesClassifier(dependencies.now);
  const provider = model.provider === "openai" ? openaiProvider(model) : workersAiProvider(model);
  return modelClassifier(provider, config, dependencies);
}

const rulesClassifier = (now: () => Millis): Classifier => ({
  async classify(alert) {
    const started = now();
    const who = { provider: "rules", model: RULES_MODEL, promptVersion: RULES_VERSION } as const;
    return byRules({ ...who, alert, started, signature: "" }, "no_model", started);
  },
});

function modelClassifier(
  provider: ModelProvider,
  config: ClassifierConfig,
  { memory, store, now, background }: ClassifierDependencies,
): Classifier {
  const redaction = { ...config.redaction, secrets: [...config.redaction.secrets, ...provider.secrets] };
  const who = { provider: provider.name, model: provider.model, promptVersion: config.promptVersion };

  async function classify(alert: Classifiable, deadline: Millis, options: ClassifyOptions = {}): Promise<Classified> {
    const started = now();
    const until = Math.min(deadline, started + config.timeoutMs);
    if (isBelowFloor(severityOf(alert.labels), config.budget)) {
      return byRules({ ...who, alert, started, signature: "" }, "severity_floor", started);
    }
    const signature = await digest(signatureOf(alert, config.volatileLabels));
    const decision = { ...who, alert, started, signature };
    const key = cacheKey(signature, provider.model, config.promptVersion);
    for (;;) {
      const remembered = options.force ? null : recall(memory, key, now());
      if (remembered) return fromCache(decision, remembered, "l1", now());
      if ((memory.inFlight.get(key)?.until ?? 0) <= now()) break;
      if (until - now() <= POLL_MS) return byRules(decision, "busy", now());
      await sleep(POLL_MS);
    }
    const mine = { until };
    memory.inFlight.set(key, mine);
    try {
      return await decide(decision, key, until, options);
    } finally {
      if (memory.inFlight.get(key) === mine) memory.inFlight.delete(key);
    }
  }

  /** Nothing in memory, nobody else asking: the shared store, then the model, then the rules. */
  async function decide(decision: Decision, key: string, until: Millis, options: ClassifyOptions): Promise<Classified> {
    const { alert } = decision;
    const stored = options.force ? null : await readEntry(store, key, now(), until - now());
    if (stored) {
      remember(memory, key, stored, now());
      return fromCache(decision, stored, "l2", now());
    }
    if (alert.status === "resolved" && !options.force) return byRules(decision, "resolved", now());
    await refreshUsage(until);
    const history = await readWithin(options.history, until - now());
    const question = { model: provider.model, alert: redactAlert(alert, redaction), history };
    const asked = await askModel(provider, question, alert.labels, until, { ...config, memory, now });
    const classified = asked.answer
      ? byModel(decision, asked, asked.answer, now())
      : byRules(decision, asked.reason ?? "network", now(), asked);
    const worthKeeping = asked.answer !== null || asked.failedFairly;
    if (worthKeeping && alert.status === "firing") keep(key, classified);
    return classified;
  }

  function keep(key: string, { classification }: Classified): void {
    const ttl = classification.source === "llm" ? config.cacheTtlMs : FAILURE_TTL_MS;
    const entry = { classification, expiresAt: now() + ttl };
    remember(memory, key, entry, now());
    if (store) background(writeEntry(store, key, entry));
  }

  async function refreshUsage(until: Millis): Promise<void> {
    if (now() - memory.usageReadAt < USAGE_AGE_MS) return;
    memory.usageReadAt = now();
    const usage = await readUsage(store, now(), until - now());
    if (usage) memory.budget = learnUsage(memory.budget, usage, now());
  }

  return { classify };
}

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
