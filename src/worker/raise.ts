/** Alerts of our own, which take the same way as any other. */
import { parseBody } from "../core/ingest/parse.ts";
import type { Bindings } from "./env.ts";
import { storeAlerts } from "./ingest.ts";
import { newReceiptId } from "./receipt-id.ts";

/** Stores them as coming from `source`; false: try again, they are not on disk. */
export const raise = async (
  env: Bindings,
  now: number,
  alerts: readonly object[],
  source: "silences" | "heartbeats",
): Promise<boolean> => {
  const parsed = parseBody(alerts, {
    now,
    pending: "skip",
    resolveTimeoutSeconds: 300,
    webhookResolveTimeoutSeconds: 0,
  });
  return parsed.ok && (await storeAlerts(env, parsed.value, newReceiptId(now), source)).ok;
};
