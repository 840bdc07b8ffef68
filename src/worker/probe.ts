/** Asks a target's host whether it is there. Nothing secret leaves here, and no answer is read. */
import { connect } from "cloudflare:sockets";
import type { Contact } from "../core/publish/health.ts";
import type { Answer } from "../core/publish/outcome.ts";
import { type ProbeAnswer, type ProbeRequest, probeOutcome, probeRequest } from "../core/publish/probe.ts";
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

/** Whether somebody takes a connection at this URL's host and port, and for https proves who he is. */
const isOpen = async (url: string, timeoutMs: number): Promise<boolean> => {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === "https:";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, timeoutMs, new Error("timed out"));
  });
  try {
    const address = `${hostname}:${port || (isTls ? 443 : 80)}`;
    const socket = connect(address, { secureTransport: isTls ? "on" : "off", allowHalfOpen: false });
    // Closing rejects what is not open yet; whoever waits for it has the answer below.
    socket.closed.catch(() => undefined);
    try {
      await Promise.race([socket.opened, late]);
      return true;
    } finally {
      socket.close().catch(() => undefined);
    }
  } catch {
    // The words of the runtime may name the host; that nobody took the connection is all there is to say.
    return false;
  } finally {
    clearTimeout(timer ?? null);
  }
};

/** What a probe came to, how long it took and when it ended. */
export interface Probed {
  readonly outcome: Contact;
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly at: number;
}

/** null: the address may not be asked. */
export const probe = async (env: Bindings, target: Target): Promise<Probed | null> => {
  const request = probeRequest(target);
  if (blockedBy(env, request.url) !== null) return null;
  const from = Date.now();
  const timeoutMs = numberOf(env, "HEALTH_TIMEOUT") * 1000;
  let answer: ProbeAnswer = await ask(request, timeoutMs);
  if (answer.kind === "none") {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    answer = await ask(request, timeoutMs);
  }
  if (answer.kind === "none" && request.orConnect && (await isOpen(request.url, timeoutMs)))
    answer = { kind: "connected" };
  const statusCode = answer.kind === "answer" ? answer.status : null;
  return { outcome: probeOutcome(answer), statusCode, durationMs: Date.now() - from, at: Date.now() };
};
