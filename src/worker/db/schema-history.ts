/** The tables of D1 that history, silences and correlation need; the others are in schema.ts. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Counts by hour: one row however much happened in it (core/history/rollup.ts says what the JSON holds). */
export const rollups = sqliteTable("rollups", {
  hour: integer().primaryKey(),
  counts: text().notNull().default("{}"),
  rules: text().notNull().default("{}"),
  alerts: text().notNull().default("{}"),
  sketch: text().notNull().default("[]"),
  /** Repeated reports by fingerprint. */
  received: text().notNull().default("{}"),
  /** Times to deliver by target, as counts per bucket. */
  deliveries: text(),
});

/** Silences of Alertmanager's model; an expired one stays visible for a while. */
export const silences = sqliteTable(
  "silences",
  {
    id: text().primaryKey(),
    matchers: text().notNull(),
    startsAt: integer("starts_at").notNull(),
    endsAt: integer("ends_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    createdBy: text("created_by").notNull(),
    comment: text().notNull(),
    annotations: text().notNull().default("{}"),
    /** RRULE of a silence that comes back, its time zone and the length of each stretch. */
    rrule: text(),
    timeZone: text("time_zone"),
    durationMs: integer("duration_ms"),
    /** What happens to alerts that still fire when it ends: `none` or `notify`. */
    endPolicy: text("end_policy").notNull().default("none"),
    /** The owner is reminded this long before the end. */
    remindBeforeMs: integer("remind_before_ms"),
    remindedAt: integer("reminded_at"),
    endedAt: integer("ended_at"),
  },
  (table) => [index("silences_by_end").on(table.endsAt)],
);

/** Alerts that share labels within a window (configuration block `correlation`). */
export const incidents = sqliteTable(
  "incidents",
  {
    id: text().primaryKey(),
    /** The labels the members share, as a group key. */
    key: text().notNull(),
    title: text().notNull(),
    openedAt: integer("opened_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** After this no alert joins any more. */
    joinUntil: integer("join_until").notNull(),
  },
  (table) => [index("incidents_by_key").on(table.key, table.openedAt), index("incidents_by_time").on(table.openedAt)],
);

/** Which alerts an incident holds. */
export const incidentMembers = sqliteTable(
  "incident_members",
  {
    incident: text().notNull(),
    fingerprint: text().notNull(),
    joinedAt: integer("joined_at").notNull(),
    seq: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.incident, table.fingerprint] })],
);
