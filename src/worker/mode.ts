/** The publishing mode that the operator forces (contracts 10.4); entering it for want of targets is for the pipeline. */
import type { Bindings } from "./env.ts";

const isTrue = (value: string | undefined): boolean => ["true", "1", "yes", "on"].includes((value ?? "").toLowerCase());
const isFalse = (value: string | undefined): boolean =>
  ["false", "0", "no", "off"].includes((value ?? "").toLowerCase());

/** True where alerts are stored and counted, and nobody is told. */
export const isMetricsOnlyForced = (env: Bindings): boolean =>
  isTrue(env.METRICS_ONLY_MODE) || isFalse(env.PUBLISHING_ENABLED);
