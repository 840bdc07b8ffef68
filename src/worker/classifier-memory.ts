/**
 * What an isolate remembers for classification: recent answers, budget, breaker and calls in flight. Losing it costs
 * calls, never alerts.
 */
import type { Millis } from "../core/alert/alert.ts";
import { type Breaker, CLOSED_BREAKER } from "../core/classify/breaker.ts";
import { type Budget, EMPTY_BUDGET } from "../core/classify/budget.ts";
import type { StoredClassification } from "./classifier-store.ts";

export interface ClassifierMemory {
  readonly answers: Map<string, StoredClassification>;
  /**
   * Signatures being asked about. A promise of one request must not be awaited by another (Workers cancel it with its
   * request), so others look again instead of waiting on it; a lapsed entry counts for nothing.
   */
  readonly inFlight: Map<string, { readonly until: Millis }>;
  budget: Budget;
  breaker: Breaker;
  usageReadAt: Millis;
}

export const createClassifierMemory = (): ClassifierMemory => ({
  answers: new Map(),
  inFlight: new Map(),
  budget: EMPTY_BUDGET,
  breaker: CLOSED_BREAKER,
  usageReadAt: 0,
});

/** Contracts 5.3: about 2 MB of an isolate's 128. */
const MAX_ANSWERS = 1000;
const L1_TTL_MS = 5 * 60_000;

/** The fresh answer under this key, or null. */
export function recall(memory: ClassifierMemory, key: string, now: Millis): StoredClassification | null {
  const entry = memory.answers.get(key);
  if (!entry) return null;
  memory.answers.delete(key);
  if (entry.expiresAt <= now) return null;
  // Put back at the end: the first key of the map is always the one longest unused.
  memory.answers.set(key, entry);
  return entry;
}

export function remember(memory: ClassifierMemory, key: string, entry: StoredClassification, now: Millis): void {
  memory.answers.delete(key);
  memory.answers.set(key, { ...entry, expiresAt: Math.min(entry.expiresAt, now + L1_TTL_MS) });
  if (memory.answers.size > MAX_ANSWERS) memory.answers.delete(memory.answers.keys().next().value ?? "");
}
