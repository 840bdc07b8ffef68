/** Whether a body that comes again, byte for byte, is read as it was before: most say nothing that hangs on the moment. */
import type { Millis } from "../alert/alert.ts";
import type { Parsed } from "./parse.ts";

/**
 * Before when the same body, read by the same rules after `now`, gives what it gave at `now`; null where that cannot be
 * told. It can not where a time stands in for one that the sender left out, nor where a defect may have been one of timing.
 */
export const sameUntil = (
  { alerts, rejects, dropped, notes }: Parsed,
  timeoutSeconds: number,
  now: Millis,
): Millis | null => {
  if (rejects.length + dropped.length + notes.length > 0) return null;
  const timeout = timeoutSeconds > 0 ? now + timeoutSeconds * 1000 : null;
  let until = Number.POSITIVE_INFINITY;
  for (const { alert } of alerts) {
    const { startsAt, endsAt, expiresAt } = alert;
    if (startsAt === now || startsAt === endsAt || (endsAt !== null && endsAt >= now)) return null;
    if (expiresAt !== null && expiresAt === timeout) return null;
    if (expiresAt !== null) until = Math.min(until, expiresAt);
  }
  return until;
};
