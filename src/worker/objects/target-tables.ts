/** The tables of a target object; docs/storage.md says what each keeps and for how long. */

/** Objects made before 0.2 have it only in the body, where counting would read all of it. */
const addRetrying = (sql: SqlStorage): void => {
  const columns = sql.exec<{ name: string }>("PRAGMA table_info(waiting)").toArray();
  if (columns.some(({ name }) => name === "retrying")) return;
  sql.exec("ALTER TABLE waiting ADD COLUMN retrying INTEGER NOT NULL DEFAULT 0");
  sql.exec("UPDATE waiting SET retrying = 1 WHERE done = 0 AND json_extract(body, '$.state') = 'retry'");
};

export const createTables = (sql: SqlStorage): void => {
  sql.exec(`CREATE TABLE IF NOT EXISTS told (
    subject TEXT PRIMARY KEY, seq INTEGER NOT NULL, opened TEXT NOT NULL, at INTEGER NOT NULL, receipt TEXT,
    results TEXT NOT NULL) WITHOUT ROWID`);
  sql.exec(`CREATE TABLE IF NOT EXISTS waiting (
    subject TEXT NOT NULL, seq INTEGER NOT NULL, replay INTEGER NOT NULL, lane INTEGER NOT NULL,
    next_at INTEGER NOT NULL, since INTEGER NOT NULL, missed INTEGER NOT NULL, fallback_at INTEGER,
    done INTEGER NOT NULL, retrying INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL, PRIMARY KEY (subject, seq, replay)) WITHOUT ROWID`);
  addRetrying(sql);
  sql.exec("CREATE INDEX IF NOT EXISTS waiting_due ON waiting (lane, next_at) WHERE done = 0");
  sql.exec("CREATE INDEX IF NOT EXISTS waiting_done ON waiting (done) WHERE done = 1");
  sql.exec("CREATE INDEX IF NOT EXISTS waiting_fallback ON waiting (fallback_at) WHERE fallback_at IS NOT NULL");
  sql.exec("CREATE TABLE IF NOT EXISTS handed (subject TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID");
  sql.exec("CREATE TABLE IF NOT EXISTS extras (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)");
  sql.exec("CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
};
