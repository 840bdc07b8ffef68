/**
 * How to ask a target whether it is there without telling it anything (contracts 9.6), and what deliveries and probes say
 * together. A probe goes to the root of the host, never to a path that may be the secret, and carries no credential.
 */
import type { Target } from "../route/target.ts";
import { type Contact, type Health, UNKNOWN_HEALTH } from "./health.ts";
import type { Answer, FailureReason } from "./outcome.ts";

export interface ProbeRequest {
  readonly method: "GET" | "HEAD";
  readonly url: string;
  /** Where there is no answer, somebody who takes the connection is enough: a webhook need not serve HEAD. */
  readonly orConnect: boolean;
}

/** A connection was taken, with TLS where the URL says https, and closed again without a word. */
export type ProbeAnswer = Answer | { readonly kind: "connected" };

export const probeRequest = (target: Pick<Target, "url" | "format" | "credentials">): ProbeRequest => {
  const root = `${/^https?:\/\/[^/?#]+/.exec(target.url)?.[0] ?? target.url}/`;
  if (target.format === "slack" && target.credentials.botToken !== undefined) {
    return { method: "GET", url: `${target.url}/api.test`, orConnect: false };
  }
  const isWebhook = ["webhook", "alertmanager", "template"].includes(target.format);
  return { method: isWebhook ? "HEAD" : "GET", url: root, orConnect: isWebhook };
};

/** Any HTTP answer below 500 means that somebody is there; so does a connection, where it was asked for. */
export const probeOutcome = (answer: ProbeAnswer): Contact => {
  if (answer.kind === "connected") return { kind: "delivered" };
  if (answer.kind === "none") {
    return { kind: "retry", reason: answer.reason, statusCode: null, afterMs: null, error: answer.reason };
  }
  if (answer.status < 500) return { kind: "delivered" };
  const error = `answered ${answer.status}`;
  return { kind: "retry", reason: "server_error", statusCode: answer.status, afterMs: null, error };
};

/** What is known of a target from both sides. */
export interface Evidence {
  readonly delivery: Health;
  readonly probe: Health;
}

export const NO_EVIDENCE: Evidence = { delivery: UNKNOWN_HEALTH, probe: UNKNOWN_HEALTH };

export interface CombinedHealth extends Health {
  readonly evidence: "delivery" | "probe";
}

const later = (a: number | null, b: number | null): number | null => (a === null || (b !== null && b > a) ? b : a);

/** Failures in which somebody was there and said no. */
const REFUSALS: readonly (FailureReason | null)[] = ["auth", "client_error", "rejected"];

/**
 * The newer of both decides; counters add up. A probe carries no credential and goes to no path, so that it cannot make
 * good deliveries that are refused: only a delivery can. That nobody is there any more it can tell.
 */
export const combineHealth = ({ delivery, probe }: Evidence): CombinedHealth => {
  const isRefused = delivery.isRefusing || (delivery.consecutiveFailures > 0 && REFUSALS.includes(delivery.lastReason));
  const hasMore = !isRefused || probe.status === "unhealthy";
  const isProbe = hasMore && (probe.lastCheckAt ?? 0) > (delivery.lastCheckAt ?? 0);
  return {
    ...(isProbe ? probe : delivery),
    evidence: isProbe ? "probe" : "delivery",
    checks: delivery.checks + probe.checks,
    successes: delivery.successes + probe.successes,
    failures: delivery.failures + probe.failures,
    lastCheckAt: later(delivery.lastCheckAt, probe.lastCheckAt),
    lastSuccessAt: later(delivery.lastSuccessAt, probe.lastSuccessAt),
    lastFailureAt: later(delivery.lastFailureAt, probe.lastFailureAt),
  };
};

export type HealthErrorType = "timeout" | "dns" | "tls" | "refused" | "http_error" | "unknown";

/** The class of the last failure, in the words of the health record. */
export const healthErrorType = (reason: FailureReason): HealthErrorType => {
  switch (reason) {
    case "timeout":
    case "dns":
    case "tls":
    case "refused":
      return reason;
    case "rate_limited":
    case "server_error":
    case "auth":
    case "client_error":
    case "rejected":
      return "http_error";
    default:
      return "unknown";
  }
};
