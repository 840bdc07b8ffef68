/** The classifier of this deployment: from variables and secrets to providers, one memory per isolate. */
import { PROMPT_VERSION } from "../core/classify/prompt.ts";
import type { ClassificationSettings } from "../core/route/routing.ts";
import { type Classifier, type ClassifierConfig, createClassifier, DEFAULT_CLASSIFIER } from "./classifier.ts";
import { createClassifierMemory } from "./classifier-memory.ts";
import { classificationStore, readAlertHistory } from "./db/classifications.ts";
import type { Bindings } from "./env.ts";
import { countCall } from "./metrics/classification.ts";
import { loadSettings } from "./settings.ts";
import { isOn, numberOf } from "./variables.ts";

const memory = createClassifierMemory();

/** Model names are retired now and then, so they are variables; these are only what to begin with. */
const DEFAULT_OPENAI_MODEL = "gpt-4o";
const DEFAULT_WORKERS_AI_MODEL = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";

/** Which model is asked: an endpoint where one is configured, else Workers AI where it is bound, else none. */
const modelOf = (env: Bindings, model: string | undefined): ClassifierConfig["model"] => {
  if (env.LLM_PROXY_URL !== undefined && env.LLM_PROXY_URL !== "") {
    return {
      provider: "openai",
      baseUrl: env.LLM_PROXY_URL,
      model: model ?? DEFAULT_OPENAI_MODEL,
      wire: env.LLM_WIRE === "simple" ? "simple" : "openai",
      apiKey: env.LLM_API_KEY ?? "",
      authHeader: env.LLM_AUTH_HEADER ?? "Authorization",
    };
  }
  return env.AI === undefined ? null : { provider: "workers_ai", model: model ?? DEFAULT_WORKERS_AI_MODEL, ai: env.AI };
};

/** What the document says, where it says anything; the variables fill the rest. */
type Said = ClassificationSettings | null;

/** What the document in force says. Rejects as loadSettings does. */
export const classificationSettings = async (env: Bindings, now: number): Promise<Said> =>
  (await loadSettings(env, now)).config?.classification ?? null;

/** Off by document or variable: then not even the rules answer. */
export const isClassificationEnabled = (env: Bindings, said: Said = null): boolean =>
  said?.enabled ?? isOn(env, "ENABLE_CLASSIFICATION");

export const classifierConfig = (env: Bindings, said: Said = null): ClassifierConfig => ({
  ...DEFAULT_CLASSIFIER,
  model: modelOf(env, said?.model ?? env.LLM_MODEL),
  promptVersion: said?.promptVersion ?? env.PROMPT_VERSION ?? PROMPT_VERSION,
  timeoutMs: numberOf(env, "LLM_TIMEOUT") * 1000,
  maxAttempts: numberOf(env, "LLM_MAX_RETRIES"),
  cacheTtlMs: numberOf(env, "CLASSIFICATION_CACHE_TTL") * 1000,
  redaction: {
    ...DEFAULT_CLASSIFIER.redaction,
    removeLabels: said?.redactLabels ?? DEFAULT_CLASSIFIER.redaction.removeLabels,
    emails: said?.redactEmails ?? DEFAULT_CLASSIFIER.redaction.emails,
  },
  budget: {
    ...DEFAULT_CLASSIFIER.budget,
    perDay: said?.callsPerDay ?? DEFAULT_CLASSIFIER.budget.perDay,
    perNamePerHour: said?.callsPerNamePerHour ?? DEFAULT_CLASSIFIER.budget.perNamePerHour,
    severityFloor: said?.severityFloor ?? DEFAULT_CLASSIFIER.budget.severityFloor,
  },
});

export const classifierOf = (
  env: Bindings,
  background: (work: Promise<unknown>) => void,
  said: Said = null,
): Classifier => {
  const classifier = createClassifier(classifierConfig(env, said), {
    memory,
    store: classificationStore(env.DB),
    now: () => Date.now(),
    background,
  });
  return {
    async classify(alert, deadline, options) {
      const history = () => readAlertHistory(env.DB, alert, Date.now());
      const classified = await classifier.classify(alert, deadline, { history, ...options });
      countCall(classified.call);
      return classified;
    },
  };
};

/** What this isolate's memory holds, for the statistics of the classifier. */
export const classifierMemory = () => memory;
