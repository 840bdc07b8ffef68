/** The enrichment mode operators have set, and who switched it last. */

export interface Switches {
  readonly total: number;
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

/** Stores a mode (null: drops the stored one), counts the switch and writes the audit row, all or nothing. */
export const writeMode = async (
  db: D1Database,
  mode: string | null,
  change: { readonly from: string; readonly to: string; readonly by: string; readonly reason: string | null },
  now: number,
): Promise<void> => {
  const { from, to, by, reason } = change;
  const stored =
    mode === null
      ? db.prepare("DELETE FROM meta WHERE key = 'enrichment_mode'")
      : db
          .prepare(
            `INSERT INTO meta (key, value) VALUES ('enrichment_mode', ?1)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
          )
          .bind(mode);
  const counted = db
    .prepare(
      `INSERT INTO meta (key, value) VALUES ('enrichment_switches', json_object('total', 1, 'at', ?1, 'from', ?2, 'to', ?3))
       ON CONFLICT (key) DO UPDATE SET
         value = json_object('total', meta.value->>'total' + 1, 'at', ?1, 'from', ?2, 'to', ?3)`,
    )
    .bind(now, from, to);
  const audited = db
    .prepare("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, 'enrichment.mode', ?3, ?4)")
    .bind(now, by, to, JSON.stringify({ from, to, reason }));
  await db.batch([stored, counted, audited]);
};

/** null before the first switch. */
export const readSwitches = async (db: D1Database): Promise<Switches | null> => {
  const value = await db.prepare("SELECT value FROM meta WHERE key = 'enrichment_switches'").first<string>("value");
  return value === null ? null : (JSON.parse(value) as Switches);
};
