/** How many alerts one notification lists: a row of a store takes 2 MB, and a storm has more than fits. */
import { isMoreUrgent } from "../alert/severity.ts";
import type { NotificationAlert } from "../publish/notification.ts";

/** UTF-16 units of JSON; at three bytes each still below 2 MB with the rest of the row. */
export const MAX_LISTED_CHARS = 500_000;

/** All of them in their order where they fit, else what is news first, then the most urgent. */
export const fitAlerts = (
  alerts: readonly NotificationAlert[],
  isNews: (fingerprint: string) => boolean,
  maxChars = MAX_LISTED_CHARS,
): { readonly alerts: readonly NotificationAlert[]; readonly truncated: number } => {
  // A notification of nothing would tell nobody anything: one alert is told whatever its size.
  if (alerts.length <= 1) return { alerts, truncated: 0 };
  const sizeOf = (alert: NotificationAlert): number => JSON.stringify(alert).length;
  if (alerts.reduce((sum, alert) => sum + sizeOf(alert), 0) <= maxChars) return { alerts, truncated: 0 };
  const byImportance = alerts.toSorted(
    (a, b) =>
      Number(isNews(b.fingerprint)) - Number(isNews(a.fingerprint)) ||
      Number(isMoreUrgent(b.severity, a.severity)) - Number(isMoreUrgent(a.severity, b.severity)),
  );
  let size = 0;
  const listed = byImportance.filter((alert) => {
    size += sizeOf(alert);
    return size <= maxChars;
  });
  return { alerts: listed, truncated: alerts.length - listed.length };
};
