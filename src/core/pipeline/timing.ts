/** Whose waits hold: none where a route tells each alert alone, and none of ours where an upstream has grouped already. */
import type { Timing } from "../group/group.ts";
import { GROUP_BY_ALL } from "../route/routing.ts";
import type { RouteMatch } from "./context.ts";

/** It tells each alert alone and at once; what is to be repeated otherwise than by default needs the timer of a group. */
export const isDirect = (route: RouteMatch): boolean =>
  route.groupBy.includes(GROUP_BY_ALL) && route.timing.groupWaitMs === 0 && !route.repeats;

/** What an Alertmanager has grouped already has waited long enough. */
export const FORWARDED = { groupWaitMs: 0, groupIntervalMs: 0 } as const;

/** A route's own interval is never nothing. */
export const isForwarded = ({ groupIntervalMs }: Timing): boolean => groupIntervalMs === 0;
