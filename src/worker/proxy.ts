/** Waits, for a bounded time, until the alerts of one request are decided and, if wanted, delivered. */
import type { DedupOutcome } from "../core/dedup/decide.ts";
import type { Parsed } from "../core/ingest/parse.ts";
import { sleep } from "./classifier-time.ts";
import { deliveriesOf } from "./db/history.ts";
import type { Bindings } from "./env.ts";
import { count } from "./metrics/count.ts";
import type { EventRow, NotificationRow } from "./views.ts";

/** A decision takes 5 s at most where a model hangs; the rest is the way through the queue. */
const DECIDED_WITHIN_MS = 7_000;
const FIRST_POLL_MS = 25;
/** Slower and slower, so that waiting costs some twenty reads however long it takes. */
const MAX_POLL_MS = 500;

/** An event by the newest of its alert: two key reads each, whatever the history behind it. */
const DECIDED = `SELECT e.* FROM alerts AS a JOIN events AS e ON e.fingerprint = a.fingerprint AND e.seq = a.event_seq
  WHERE a.fingerprint IN (SELECT value FROM json_each(?1)) AND e.receipt_id = ?2`;

const UNFINISHED: readonly string[] = ["pending", "retry", "deferred"];

export interface Outcome {
  readonly event: EventRow;
  readonly deliveries: readonly NotificationRow[];
}

/** By fingerprint, what is known when everything is done or the time is over; what is missing goes on by itself. */
export const awaitOutcomes = async (
  env: Bindings,
  parsed: Parsed,
  outcomes: readonly DedupOutcome[],
  receiptId: string,
  waitMs: number,
): Promise<ReadonlyMap<string, Outcome>> => {
  const wanted = new Set(
    parsed.alerts.flatMap(({ alert }, i) =>
      outcomes[i] === "duplicate" || outcomes[i] === "updated" ? [] : [alert.fingerprint],
    ),
  );
  const started = Date.now();
  const found = new Map<string, Outcome>();
  for (let poll = FIRST_POLL_MS; wanted.size > 0; poll = Math.min(poll * 2, MAX_POLL_MS)) {
    await sleep(poll);
    const { results } = await env.DB.prepare(DECIDED)
      .bind(JSON.stringify([...wanted]), receiptId)
      .all<EventRow>();
    const deliveries = await deliveriesOf(env.DB, results);
    for (const event of results) {
      found.set(event.fingerprint, { event, deliveries: deliveries.get(`${event.fingerprint}:${event.seq}`) ?? [] });
    }
    const waited = Date.now() - started;
    for (const [fingerprint, outcome] of found) {
      const open = outcome.deliveries.some(({ state, attempts }) => UNFINISHED.includes(state) && attempts === "[]");
      if (!open || waited >= waitMs) wanted.delete(fingerprint);
    }
    if (waited >= Math.max(DECIDED_WITHIN_MS, waitMs)) {
      if (wanted.size > 0) count("webhook_timeouts_total");
      break;
    }
  }
  return found;
};
