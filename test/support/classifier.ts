/** A classifier against the stand-in endpoint, with a clock that can be moved and a store that can be looked into. */
import {
  type Classifier,
  type ClassifierConfig,
  createClassifier,
  DEFAULT_CLASSIFIER,
} from "../../src/worker/classifier.ts";
import { createClassifierMemory } from "../../src/worker/classifier-memory.ts";
import type { OpenaiConfig } from "../../src/worker/classifier-openai.ts";
import type { ClassificationStore, StoredClassification } from "../../src/worker/classifier-store.ts";

export const API_KEY = "llm-key-of-the-tests";

export const openaiConfig = (baseUrl: string, parts: Partial<OpenaiConfig> = {}): OpenaiConfig => ({
  provider: "openai",
  baseUrl,
  model: "gpt-4o",
  wire: "openai",
  apiKey: API_KEY,
  authHeader: "Authorization",
  ...parts,
});

export interface Bench {
  readonly classifier: Classifier;
  readonly memory: ReturnType<typeof createClassifierMemory>;
  now(): number;
  /** Lets time pass for breakers, budgets and caches. */
  pass(ms: number): void;
  /** Waits for the work nobody waits for. */
  settle(): Promise<void>;
}

export function benchWith(config: Partial<ClassifierConfig>, store: ClassificationStore | null = null): Bench {
  let offset = 0;
  let work: Promise<unknown>[] = [];
  const memory = createClassifierMemory();
  const now = () => Date.now() + offset;
  return {
    memory,
    now,
    classifier: createClassifier(
      { ...DEFAULT_CLASSIFIER, ...config },
      { memory, store, now, background: (promise) => work.push(promise) },
    ),
    pass: (ms) => {
      offset += ms;
    },
    settle: async () => {
      await Promise.all(work);
      work = [];
    },
  };
}

/** Ten lines of a store; the real one is D1. */
export function memoryStore(): ClassificationStore & { readonly entries: Map<string, StoredClassification> } {
  const entries = new Map<string, StoredClassification>();
  return {
    entries,
    get: async (key) => entries.get(key) ?? null,
    put: async (key, entry) => {
      entries.set(key, entry);
    },
  };
}
