/** The tables of a target object; docs/storage.md says what each keeps and for how long. */

export const createTables = (sql: SqlStorage): void => {
  sql.exec(`CREATE TABLE IF NOT EXISTS told (
    subject TEXT PRIMARY KEY, seq INTEGER NOT NULL, opened TEXT NOT NULL, at INTEGER NOT NULL, receipt TEXT,
    results TEXT NOT NULL) WITHOUT ROWID`);
  sql.exec(`CREATE TABLE IF NOT EXISTS waiting (
    subject TEXT NOT NULL, seq INTEGER NOT NULL, replay INTEGER NOT NULL, lane INTEGER NOT NULL,
    next_at INTEGER NOT NULL, since INTEGER NOT NULL, missed INTEGER NOT NULL, fallback_at INTEGER,
    done INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (subject, seq, replay)) WITHOUT ROWID`);
  sql.exec("CREATE INDEX IF NOT EXISTS waiting_due ON waiting (lane, next_at) WHERE done = 0");
  sql.exec("CREATE INDEX IF NOT EXISTS waiting_done ON waiting (done) WHERE done = 1");
  sql.exec("CREATE INDEX IF NOT EXISTS waiting_fallback ON waiting (fallback_at) WHERE fallback_at IS NOT NULL");
  sql.exec("CREATE TABLE IF NOT EXISTS handed (subject TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID");
  sql.exec("CREATE TABLE IF NOT EXISTS extras (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)");
  sql.exec("CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
};
