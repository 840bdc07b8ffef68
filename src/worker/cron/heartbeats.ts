/**
 * Raises an alert for every heartbeat that is missing, and ends it when the sender is heard of again. What fires says what
 * was raised; raising it again is a repeat, and one that nobody asks for any more expires.
 */
import { readFiring } from "../db/firing.ts";
import type { Bindings } from "../env.ts";
import { type Beat, readHeartbeats } from "../heartbeats.ts";
import { raise } from "../raise.ts";
import { loadSettings } from "../settings.ts";
import { time } from "../views.ts";

const ALERT_NAME = "HeartbeatMissing";
/** It is raised again every minute; a few that fail must not look like the sender's return. */
const EXPIRES_AFTER_MS = 10 * 60_000;

/** A person is needed unless the document says otherwise. */
const labelsOf = ({ name, labels }: Beat): Readonly<Record<string, string>> => ({
  severity: "critical",
  ...labels,
  alertname: ALERT_NAME,
  heartbeat: name,
});

const missing = (beat: Beat, now: number) => ({
  labels: labelsOf(beat),
  annotations: {
    summary: `Nothing was heard of ${beat.name} for ${Math.round(beat.withinMs / 60_000)} min or more: its sender may be down, and other alerts of it missing`,
    ...beat.annotations,
  },
  status: "firing",
  endsAt: time(now + EXPIRES_AFTER_MS),
});

const back = (labels: Readonly<Record<string, string>>, now: number) => ({
  labels,
  annotations: { summary: "It is heard of again" },
  status: "resolved",
  endsAt: time(now),
});

/** Answers how many are missing. */
export const watchHeartbeats = async (env: Bindings, now: number): Promise<number> => {
  const { config } = await loadSettings(env, now);
  if (config === null || config.heartbeats.length === 0) return 0;
  const firing = await readFiring(env.DB);
  const beats = await readHeartbeats(env, now, firing);
  const late = beats.filter(({ state }) => state === "missing");
  const over = firing.filter(
    ({ labels }) =>
      labels["alertname"] === ALERT_NAME && !late.some((beat) => beat.name === (labels["heartbeat"] ?? "")),
  );
  const alerts = [...late.map((beat) => missing(beat, now)), ...over.map(({ labels }) => back(labels, now))];
  if (alerts.length > 0) await raise(env, now, alerts, "heartbeats");
  return late.length;
};
