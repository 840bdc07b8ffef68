/** What the crash runs send, and how often it may arrive. */
import type { Arrival } from "./receiver.ts";

const ALERTS_PER_REQUEST = 3;
/** One alert of each round is for the chat, which takes one message a second. */
export const CHAT_NAMESPACE = "chat";

export interface Sent {
  readonly fingerprint: string;
  readonly alert: Readonly<Record<string, unknown>>;
  /** The round whose kill it lived through first. */
  readonly round: number;
}

export const makeAlerts = (round: number, request: number): Sent["alert"][] =>
  Array.from({ length: ALERTS_PER_REQUEST }, (_, i) => ({
    status: "firing",
    labels: {
      alertname: `Crash${round}x${request}`,
      severity: "critical",
      instance: `node-${i}`,
      ...(request === 0 && i === 0 ? { namespace: CHAT_NAMESPACE } : {}),
    },
    annotations: { summary: `round ${round}` },
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    endsAt: "0001-01-01T00:00:00Z",
  }));

export const resolveOf = (sent: Sent): Sent["alert"] => ({
  ...sent.alert,
  status: "resolved",
  endsAt: new Date().toISOString(),
});

/** Repeats of one key: allowed once per kill, when that fell between sending and recording. */
export const repeatsOf = (
  arrivals: readonly Arrival[],
  recorded: ReadonlySet<string>,
): { allowed: number; wrong: string[] } => {
  const byKey = Map.groupBy(arrivals, (arrival) => arrival.key);
  const wrong: string[] = [];
  let allowed = 0;
  for (const [key, list] of byKey) {
    if (list.length === 1) continue;
    const sameRun = new Set(list.map((arrival) => arrival.run)).size < list.length;
    if (sameRun) wrong.push(`${key}: twice in one run`);
    else if (recorded.has(key)) wrong.push(`${key}: again after it was recorded as delivered`);
    else allowed += list.length - 1;
  }
  return { allowed, wrong };
};
