/** How deliveries are tried, broken off and judged in this deployment (contracts 10.3, 9.6); a target's own settings win. */
import { type BreakerOptions, TARGET_BREAKER } from "../core/classify/breaker.ts";
import type { RetryOptions } from "../core/publish/backoff.ts";
import type { HealthLimits } from "../core/publish/health.ts";
import type { Bindings } from "./env.ts";
import { numberOf } from "./variables.ts";

/** What a target's object goes by as a whole. */
export interface TargetLimits {
  readonly breaker: BreakerOptions;
  readonly health: HealthLimits;
}

const breakerOptions = (env: Bindings): BreakerOptions => ({
  ...TARGET_BREAKER,
  failures: numberOf(env, "BREAKER_FAILURES"),
  openMs: numberOf(env, "BREAKER_OPEN_SECONDS") * 1000,
  successes: numberOf(env, "BREAKER_SUCCESSES"),
});

export const retryOptions = (env: Bindings): RetryOptions => ({
  baseMs: numberOf(env, "RETRY_BASE_SECONDS") * 1000,
  capMs: numberOf(env, "RETRY_CAP_SECONDS") * 1000,
  maxAttempts: numberOf(env, "RETRY_MAX_ATTEMPTS"),
});

export const healthLimits = (env: Bindings): HealthLimits => ({
  failures: numberOf(env, "HEALTH_FAILURES"),
  slowMs: numberOf(env, "HEALTH_SLOW_MS"),
});

export const targetLimits = (env: Bindings): TargetLimits => ({
  breaker: breakerOptions(env),
  health: healthLimits(env),
});
