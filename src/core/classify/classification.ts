/** What a model or the rules say of an alert (contracts 5.1). */

import type { Millis } from "../alert/alert.ts";
import type { Severity } from "../alert/severity.ts";

export const CATEGORIES = [
  "infrastructure",
  "application",
  "database",
  "network",
  "security",
  "capacity",
  "observability",
  "other",
] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Classification {
  readonly severity: Severity;
  readonly category: Category;
  /** 0 to 1. */
  readonly confidence: number;
  readonly reasoning: string;
  readonly recommendations: readonly string[];
  /** `llm`: a model answered (perhaps from the cache); `fallback`: the rules did. */
  readonly source: "llm" | "fallback";
  readonly model: string;
  readonly promptVersion: string;
  readonly createdAt: Millis;
  readonly cached: boolean;
  readonly processingMs: number;
  readonly metadata: { readonly tags?: readonly string[]; readonly rule?: string; readonly default?: boolean };
}
