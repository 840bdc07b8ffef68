/** SQLite of one target, the rest: what it owes to others, who heard of what by its fallback, and its own state. */
import type { Millis } from "../../core/alert/alert.ts";
import type { Addressed } from "../ring.ts";

/** Rows for D1 and bells for other targets that this object owes. */
export const addExtra = (sql: SqlStorage, extra: Addressed): void => {
  sql.exec("INSERT INTO extras (body) VALUES (?)", JSON.stringify(extra));
};

export const loadExtras = (sql: SqlStorage, limit: number): { readonly id: number; readonly extra: Addressed }[] =>
  sql
    .exec<{ id: number; body: string }>("SELECT id, body FROM extras ORDER BY id LIMIT ?", limit)
    .toArray()
    .map((row) => ({ id: row.id, extra: JSON.parse(row.body) as Addressed }));

export const dropExtras = (sql: SqlStorage, upTo: number): void => {
  sql.exec("DELETE FROM extras WHERE id <= ?", upTo);
};

export const markHanded = (sql: SqlStorage, subject: string, at: Millis): void => {
  sql.exec("INSERT OR REPLACE INTO handed VALUES (?, ?)", subject, at);
};

/** True when a fallback heard of this subject; asking takes the mark away. */
export const takeHanded = (sql: SqlStorage, subject: string): boolean =>
  sql.exec("DELETE FROM handed WHERE subject = ?", subject).rowsWritten > 0;

export const loadState = <T>(sql: SqlStorage): T | null => {
  const row = sql.exec<{ value: string }>("SELECT value FROM state WHERE key = 'main'").toArray()[0];
  return row === undefined ? null : (JSON.parse(row.value) as T);
};

export const saveState = (sql: SqlStorage, value: unknown): void => {
  sql.exec("INSERT OR REPLACE INTO state VALUES ('main', ?)", JSON.stringify(value));
};
