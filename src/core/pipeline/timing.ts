/** Waits of what an upstream has grouped already. */
import type { Timing } from "../group/group.ts";

/** What an Alertmanager has grouped already has waited long enough. */
export const FORWARDED = { groupWaitMs: 0, groupIntervalMs: 0 } as const;

/** A route's own interval is never nothing. */
export const isForwarded = ({ groupIntervalMs }: Timing): boolean => groupIntervalMs === 0;
