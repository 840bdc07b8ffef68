/** Asks a target's host whether it is there. Nothing secret leaves here, and no answer is read. */
import type { Answer } from "../core/publish/outcome.ts";
import { type ProbeRequest, probeOutcome, probeRequest } from "../core/publish/probe.ts";
import type { Target } from "../core/route/target.ts";
import type { Bindings } from "./env.ts";
import { blockedBy, reasonOf } from "./send.ts";
import { numberOf } from "./variables.ts";

/** A connection that was cut is tried once more after this (contracts 9.6). */
const RETRY_MS = 100;

const ask = async ({ method, url }: ProbeRequest, timeoutMs: number): Promise<Answer> => {
  try {
    const response = await fetch(url, {
      method,
      headers: { "user-agent": "alert-history" },
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return { kind: "answer", status: response.status, headers: {}, body: "" };
  } catch (error) {
    const reason = reasonOf(error);
    return { kind: "none", reason, error: reason };
  }
};

/** What the probe came to and how long it took; null: the address may not be asked. */
export const probe = async (env: Bindings, target: Target) => {
  const request = probeRequest(target);
  if (blockedBy(env, request.url) !== null) return null;
  const from = Date.now();
  const timeoutMs = numberOf(env, "HEALTH_TIMEOUT") * 1000;
  let answer = await ask(request, timeoutMs);
  if (answer.kind === "none") {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    answer = await ask(request, timeoutMs);
  }
  const statusCode = answer.kind === "answer" ? answer.status : null;
  return { outcome: probeOutcome(answer), statusCode, durationMs: Date.now() - from, at: Date.now() };
};
