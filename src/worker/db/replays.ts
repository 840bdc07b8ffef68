/** What became of replays: each is a row of its own beside the notification it repeats. */
import { type LedgerKey, ledgerId } from "./ledger.ts";

/** By the id of each of these notifications the state its latest replay to the same target is in. */
export const replayResults = async (
  db: D1Database,
  keys: readonly LedgerKey[],
): Promise<ReadonlyMap<string, string>> => {
  if (keys.length === 0) return new Map();
  const list = JSON.stringify(keys.map(({ at, subject, seq, target, replay }) => [at, subject, seq, target, replay]));
  const { results } = await db
    .prepare(
      `SELECT k.value->>0 AS at, k.value->>1 AS subject, k.value->>2 AS seq, k.value->>3 AS target, k.value->>4 AS replay,
         n.state FROM json_each(?1) AS k CROSS JOIN notifications AS n ON n.at = k.value->>0 AND n.subject = k.value->>1
         AND n.seq = k.value->>2 AND n.target = k.value->>3 AND n.replay > k.value->>4 ORDER BY n.replay`,
    )
    .bind(list)
    .all<LedgerKey & { readonly state: string }>();
  return new Map(results.map((row) => [ledgerId(row), row.state]));
};
