/** Every table and column of D1; docs/storage.md says who writes each and how long it stays. */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Append-only: one row per transition. The primary key serves an alert's timeline, the index every list by time. */
export const events = sqliteTable(
  "events",
  {
    fingerprint: text().notNull(),
    seq: integer().notNull(),
    receivedAt: integer("received_at").notNull(),
    kind: text().notNull(),
    status: text().notNull(),
    previousStatus: text("previous_status"),
    alertname: text().notNull(),
    severity: text().notNull(),
    namespace: text(),
    labels: text().notNull(),
    annotations: text().notNull(),
    startsAt: integer("starts_at").notNull(),
    endsAt: integer("ends_at"),
    generatorURL: text("generator_url").notNull(),
    expired: integer().notNull(),
    episodeSeq: integer("episode_seq").notNull(),
    receiptId: text("receipt_id"),
    source: text(),
    format: text().notNull(),
    upstream: text(),
    sourceFingerprint: text("source_fingerprint"),
    mode: text().notNull(),
    configVersion: integer("config_version"),
    classification: text(),
    trace: text().notNull(),
    /** Who is told of this event alone, by name with the fallback and its time; a target's result is a row of `notifications`. */
    targets: text(),
    /** 1: committed behind the mark up to which events are in the rollups, and not counted yet. */
    late: integer(),
  },
  (table) => [
    primaryKey({ columns: [table.fingerprint, table.seq] }),
    index("events_by_time").on(table.receivedAt),
    index("events_late").on(table.receivedAt).where(sql`late = 1`),
  ],
);

/** The newest state of every alert. */
export const alerts = sqliteTable(
  "alerts",
  {
    fingerprint: text().primaryKey(),
    seq: integer().notNull(),
    eventSeq: integer("event_seq").notNull(),
    status: text().notNull(),
    alertname: text().notNull(),
    severity: text().notNull(),
    namespace: text(),
    labels: text().notNull(),
    annotations: text().notNull(),
    startsAt: integer("starts_at").notNull(),
    endsAt: integer("ends_at"),
    generatorURL: text("generator_url").notNull(),
    firstSeen: integer("first_seen").notNull(),
    updatedAt: integer("updated_at").notNull(),
    source: text(),
    classification: text(),
  },
  (table) => [index("alerts_firing").on(table.startsAt).where(sql`status = 'firing'`)],
);

/**
 * One row per notification and target; `attempts` is its ledger. The key begins with time, so lists and the sweep need
 * no index; the two partial ones cost nothing while deliveries succeed at once.
 */
export const notifications = sqliteTable(
  "notifications",
  {
    at: integer().notNull(),
    subject: text().notNull(),
    seq: integer().notNull(),
    target: text().notNull(),
    /** 0: the notification itself; n: its nth replay. */
    replay: integer().notNull().default(0),
    state: text().notNull(),
    status: text().notNull(),
    severity: text().notNull(),
    alertname: text().notNull(),
    /** The frozen notification where it cannot be rebuilt from one event. */
    payload: text(),
    attempts: text().notNull().default("[]"),
    reason: text(),
    error: text(),
    nextAttemptAt: integer("next_attempt_at"),
    completedAt: integer("completed_at"),
    /** Target that is told as well when this one fails for long. */
    fallback: text(),
    /** For how long it may fail until then, in milliseconds; null: the default of targets. */
    fallbackAfter: integer("fallback_after"),
    /** When its latest replay was asked for. */
    replayedAt: integer("replayed_at"),
  },
  (table) => [
    primaryKey({ columns: [table.at, table.subject, table.seq, table.target, table.replay] }),
    // In the order of the list, so that a page of it reads a page of it.
    index("notifications_dead")
      .on(table.at, table.subject, table.seq, table.target, table.replay)
      .where(sql`state = 'dead'`),
    index("notifications_waiting").on(table.target, table.at).where(sql`state IN ('retry', 'deferred')`),
  ],
);

/** API tokens by the SHA-256 of their value; the value itself is shown once, at creation. */
export const tokens = sqliteTable("tokens", {
  hash: text().primaryKey(),
  name: text().notNull().unique(),
  scopes: text().notNull(),
  source: text(),
  createdAt: integer("created_at").notNull(),
  createdBy: text("created_by").notNull(),
  lastUsedAt: integer("last_used_at"),
  expiresAt: integer("expires_at"),
});

/** What discovery changed, bounded in number; the key grows with time. */
export const targetDrift = sqliteTable("target_drift", {
  id: integer().primaryKey(),
  at: integer().notNull(),
  cluster: text().notNull(),
  kind: text().notNull(),
  namespace: text(),
  secret: text(),
  target: text(),
  reason: text(),
  /** Of a target that is gone: firing alerts it had been told of. */
  openAlerts: integer("open_alerts"),
});

/** How each target does, as lists show it: from its deliveries, or from a probe where there were none. */
export const targetHealth = sqliteTable("target_health", {
  target: text().primaryKey(),
  evidence: text().notNull(),
  /** The counters and last times as JSON. */
  health: text().notNull(),
});

/** Who changed what, when and why. */
export const audit = sqliteTable("audit", {
  id: integer().primaryKey({ autoIncrement: true }),
  at: integer().notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  subject: text().notNull(),
  detail: text().notNull(),
});

/** The configuration documents, newest last; the newest is in force. */
export const configVersions = sqliteTable("config_versions", {
  version: integer().primaryKey({ autoIncrement: true }),
  document: text().notNull(),
  createdAt: integer("created_at").notNull(),
  createdBy: text("created_by").notNull(),
  note: text().notNull(),
});

/** Small values that cron keeps between runs, such as how far the sweep has come. */
export const meta = sqliteTable("meta", {
  key: text().primaryKey(),
  value: text().notNull(),
});

/** Answers of a model that all isolates share, by signature, model and prompt version. */
export const classifications = sqliteTable("classifications", {
  key: text().primaryKey(),
  classification: text().notNull(),
  expiresAt: integer("expires_at").notNull(),
});

/** One row per question put to a model: what it cost, what it said, or why the rules answered. */
export const classificationCalls = sqliteTable(
  "classification_calls",
  {
    at: integer().notNull(),
    fingerprint: text().notNull(),
    seq: integer().notNull(),
    alertname: text().notNull(),
    provider: text().notNull(),
    model: text().notNull(),
    promptVersion: text("prompt_version").notNull(),
    outcome: text().notNull(),
    reason: text(),
    attempts: integer().notNull(),
    promptTokens: integer("prompt_tokens"),
    completionTokens: integer("completion_tokens"),
    latencyMs: integer("latency_ms").notNull(),
    answer: text(),
    error: text(),
  },
  (table) => [primaryKey({ columns: [table.at, table.fingerprint, table.seq] })],
);

/** The operator's filter rules beside those present at start; `target` is empty for a rule for all targets. */
export const filterRules = sqliteTable(
  "filter_rules",
  {
    name: text().notNull(),
    target: text().notNull(),
    rule: text().notNull(),
    updatedAt: integer("updated_at").notNull(),
    updatedBy: text("updated_by").notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.target] })],
);
