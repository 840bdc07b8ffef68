/** Who goes first at a target that cannot take everything at once (contracts 10.1). */
import type { Notification } from "./notification.ts";

/** 0 high: critical and firing; 2 low: resolved, info, noise; 1 medium: the rest. */
export type Lane = 0 | 1 | 2;
export const LANES: readonly Lane[] = [0, 1, 2];
export const LANE_NAMES = ["high", "medium", "low"] as const;

/** A lane that waits is served at the latest after this many of higher ones: one in ten is its own. */
const MAX_PASSED_OVER = 9;

export const laneOf = ({ status, alerts, digest }: Notification): Lane => {
  if ((digest?.critical ?? 0) > 0) return 0;
  if (status === "resolved") return 2;
  const severities = alerts.filter((alert) => alert.status === "firing").map((alert) => alert.severity);
  if (severities.includes("critical")) return 0;
  return severities.length === 0 || severities.includes("warning") ? 1 : 2;
};

/** How often each lane was passed over since it was last served. */
export type PassedOver = readonly [number, number, number];
export const NOBODY_PASSED_OVER: PassedOver = [0, 0, 0];

/** The lane to serve next of those that wait, and the new count; null when nobody waits. */
export const pickLane = (
  waits: (lane: Lane) => boolean,
  passedOver: PassedOver,
): { readonly lane: Lane; readonly passedOver: PassedOver } | null => {
  const waiting = LANES.filter(waits);
  const starved = waiting.filter((lane) => passedOver[lane] >= MAX_PASSED_OVER);
  const lane = starved.toSorted((a, b) => passedOver[b] - passedOver[a])[0] ?? waiting[0];
  if (lane === undefined) return null;
  const after = (other: Lane): number => (other === lane || !waiting.includes(other) ? 0 : passedOver[other] + 1);
  return { lane, passedOver: [after(0), after(1), after(2)] };
};
