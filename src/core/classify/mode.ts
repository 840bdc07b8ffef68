/** How much a classification may do (contracts 6), and since when it may do anything. */

export const ENRICHMENT_MODES = [
  "transparent",
  "enriched",
  "transparent_with_recommendations",
  /** Classifies and records, attaches nothing to what is delivered and changes nothing. */
  "shadow",
] as const;
export type EnrichmentMode = (typeof ENRICHMENT_MODES)[number];
export const DEFAULT_MODE: EnrichmentMode = "enriched";

/** Confidence from which a classification may change anything, unless the operator says otherwise. */
export const DEFAULT_THRESHOLD = 0.8;

/** Whether alerts are classified at all in this mode. */
export const classifies = (mode: EnrichmentMode): boolean => mode !== "transparent";

/** Whether the classification goes out with the alert. */
export const attaches = (mode: EnrichmentMode): boolean =>
  mode === "enriched" || mode === "transparent_with_recommendations";
