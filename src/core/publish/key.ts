/** Under which key a receiver that merges repeats, and our own memory of receipts, know what a notification is about. */
import type { Target } from "../route/target.ts";
import type { Notification } from "./notification.ts";
import { hashText, withoutControls } from "./text.ts";

/** UTF-16 units; a longer group key is told by its hash, which is as unique. */
const MAX_GROUP_KEY = 8192;

/**
 * The fingerprint of its one alert, or for groups the hash of the group key: the raw key would tell labels to others and
 * may be too long. Tests and digests have keys of their own, so they never touch the state of a real alert.
 */
export const keyOf = (notification: Notification, target: Target, prefers: "alert" | "group"): string => {
  if (notification.kind === "test") return hashText(`test:${notification.id}`);
  if (notification.kind === "digest") return hashText(`digest:${target.name}`);
  const [alert, another] = notification.alerts;
  // A storm stays one, also when one of its alerts is left.
  const single =
    alert !== undefined && another === undefined && notification.truncatedAlerts === 0 && notification.storm !== true;
  return (target.per ?? prefers) === "alert" && single ? alert.fingerprint : hashText(notification.groupKey);
};

/** The group key as receivers see it: never empty, because they key on it, and never too long. */
export const groupKeyText = ({ groupKey }: Notification): string => {
  if (groupKey === "") return "{}:{}";
  return groupKey.length > MAX_GROUP_KEY ? hashText(groupKey) : withoutControls(groupKey);
};
