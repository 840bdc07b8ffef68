/** Who changed what, when and why. */

/** Adds one row; `detail` holds no secret. */
export const recordAudit = async (
  db: D1Database,
  now: number,
  actor: string,
  action: string,
  subject: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> => {
  await db
    .prepare("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)")
    .bind(now, actor, action, subject, JSON.stringify(detail))
    .run();
};
