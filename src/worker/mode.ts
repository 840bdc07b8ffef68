/** The publishing mode that the operator forces (contracts 10.4); entering it for want of targets is for the pipeline. */
import type { Bindings } from "./env.ts";
import { isOn } from "./variables.ts";

/** True where alerts are stored and counted, and nobody is told. */
export const isMetricsOnlyForced = (env: Bindings): boolean =>
  isOn(env, "METRICS_ONLY_MODE") || !isOn(env, "PUBLISHING_ENABLED");

/** What is held back while that lasts is looked at again after this. */
export const METRICS_ONLY_MS = 60_000;
