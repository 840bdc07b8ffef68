/** SQLite of one alert group: its members, its timer, and the notifications it has decided but not handed on yet. */
import type { GroupState } from "../../core/group/group.ts";
import { NO_STORM, type StormState } from "../../core/group/storm.ts";
import type { MemberStep } from "../../core/pipeline/flush.ts";
import type { GroupMember } from "../../core/pipeline/process.ts";
import type { GroupInfo, GroupNotification } from "../../core/pipeline/tell.ts";

/** All but the members, which have rows of their own. */
interface Head {
  readonly info: GroupInfo;
  readonly state: Omit<GroupState, "members">;
}

export interface Outgoing {
  readonly notifications: readonly GroupNotification[];
  readonly steps: readonly MemberStep[];
}

export interface Group {
  readonly info: GroupInfo | null;
  readonly state: Omit<GroupState, "members">;
  readonly members: ReadonlyMap<string, GroupMember>;
  readonly holds: ReadonlyMap<string, string>;
}

export const createTables = (sql: SqlStorage): void => {
  sql.exec("CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL)");
  sql.exec(
    "CREATE TABLE IF NOT EXISTS members (fingerprint TEXT PRIMARY KEY, body TEXT NOT NULL, holds TEXT NOT NULL) WITHOUT ROWID",
  );
  sql.exec("CREATE TABLE IF NOT EXISTS outgoing (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)");
};

export const hasTables = (sql: SqlStorage): boolean =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'outgoing'").toArray().length > 0;

const EMPTY = { log: {}, flushes: 0, flushedAt: null, wakeAt: null } as const;

/** A group that nobody ever joined. */
export const NOBODY: Group = { info: null, state: EMPTY, members: new Map(), holds: new Map() };

export const load = (sql: SqlStorage): Group => {
  const head = sql.exec<{ body: string }>("SELECT body FROM head").toArray()[0];
  const rows = sql.exec<{ fingerprint: string; body: string; holds: string }>("SELECT * FROM members").toArray();
  const read = head === undefined ? null : (JSON.parse(head.body) as Head);
  return {
    info: read?.info ?? null,
    state: read?.state ?? EMPTY,
    members: new Map(rows.map((row) => [row.fingerprint, JSON.parse(row.body) as GroupMember])),
    holds: new Map(rows.map((row) => [row.fingerprint, row.holds])),
  };
};

export const saveHead = (sql: SqlStorage, info: GroupInfo, { members: _, ...state }: GroupState): void => {
  const head: Head = { info, state };
  sql.exec("INSERT INTO head VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body", JSON.stringify(head));
};

export const saveMember = (sql: SqlStorage, member: GroupMember, holds: string): void => {
  sql.exec(
    "INSERT INTO members VALUES (?,?,?) ON CONFLICT (fingerprint) DO UPDATE SET body = excluded.body, holds = excluded.holds",
    member.fingerprint,
    JSON.stringify(member),
    holds,
  );
};

export const dropMember = (sql: SqlStorage, fingerprint: string): void => {
  sql.exec("DELETE FROM members WHERE fingerprint = ?", fingerprint);
};

/** One row per notification: a row may have 2 MB, and a group of thousands has more than that in all its targets. */
export const addOutgoing = (sql: SqlStorage, outgoing: Outgoing): void => {
  for (const notification of outgoing.notifications) {
    sql.exec("INSERT INTO outgoing (body) VALUES (?)", JSON.stringify({ notifications: [notification], steps: [] }));
  }
  if (outgoing.steps.length > 0) {
    sql.exec("INSERT INTO outgoing (body) VALUES (?)", JSON.stringify({ notifications: [], steps: outgoing.steps }));
  }
};

export const loadOutgoing = (sql: SqlStorage): { readonly lastId: number; readonly outgoing: Outgoing } => {
  const rows = sql.exec<{ id: number; body: string }>("SELECT id, body FROM outgoing ORDER BY id").toArray();
  const parts = rows.map((row) => JSON.parse(row.body) as Outgoing);
  return {
    lastId: rows.at(-1)?.id ?? 0,
    outgoing: {
      notifications: parts.flatMap((part) => part.notifications),
      steps: parts.flatMap((part) => part.steps),
    },
  };
};

export const dropOutgoing = (sql: SqlStorage, lastId: number): void => {
  sql.exec("DELETE FROM outgoing WHERE id <= ?", lastId);
};

/** Only groups that look after a storm have this table. */
const createStorm = (sql: SqlStorage): void => {
  sql.exec("CREATE TABLE IF NOT EXISTS storm (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL)");
};

export const loadStorm = (sql: SqlStorage): StormState => {
  createStorm(sql);
  const row = sql.exec<{ body: string }>("SELECT body FROM storm").toArray()[0];
  return row === undefined ? NO_STORM : (JSON.parse(row.body) as StormState);
};

export const saveStorm = (sql: SqlStorage, state: StormState): void => {
  sql.exec(
    "INSERT INTO storm VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    JSON.stringify(state),
  );
};
