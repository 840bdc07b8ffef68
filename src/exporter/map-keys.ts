/** Which key of a Secret means what (contracts 9.3): every spelling leads to one field of a target's JSON form. */

/** The fields of a target that are objects, and are filled item by item. */
export const OBJECT_FIELDS = ["headers", "filter_config", "severity_ids", "metadata"] as const;
export type ObjectField = (typeof OBJECT_FIELDS)[number];

export type Place =
  | { readonly field: string; readonly item: null }
  | { readonly field: ObjectField; readonly item: string };

/** Other spellings of a field, after case and dashes are gone. A spelling not listed here is the field itself. */
const FIELD_ALIASES = new Map([
  ["target_name", "name"],
  ["target_type", "type"],
  ["target_format", "format"],
  ["webhook_url", "url"],
  ["timeout", "timeout_seconds"],
  ["retry_window", "retry_window_seconds"],
  ["team_ids", "group_ids"],
  ["chat_id", "channel"],
  ["message_thread_id", "thread_id"],
]);

const FILTER_ALIASES = new Map([
  ["filter_severity", "severity"],
  ["severity", "severity"],
  ["filter_namespaces", "namespaces"],
  ["namespaces", "namespaces"],
  ["exclude_noise", "exclude_noise"],
  ["min_confidence", "min_confidence"],
  ["alert_name_pattern", "alert_name_pattern"],
]);

const HEADER_KEY = /^header[-_](.+)$/i;

/** Labels that fill what keys left open; the rest of a Secret's labels is not ours. */
export const LABEL_FIELDS: readonly (readonly [string, string])[] = [
  ["alert-history.io/target-name", "name"],
  ["alert-history.io/target-type", "type"],
  ["alert-history.io/target-format", "format"],
  ["alert-history.io/priority", "priority"],
];

/** Case and the difference of `-` and `_` carry no meaning in a key. */
export const normalizeKey = (key: string): string => key.trim().toLowerCase().replaceAll("-", "_");

export const isObjectField = (field: string): field is ObjectField => OBJECT_FIELDS.some((name) => name === field);

/** Where the value of this key belongs. The name of a header keeps its case. */
export const placeOf = (key: string): Place => {
  const header = HEADER_KEY.exec(key.trim())?.[1];
  if (header !== undefined) return { field: "headers", item: header };
  const normal = normalizeKey(key);
  const filter = FILTER_ALIASES.get(normal);
  if (filter !== undefined) return { field: "filter_config", item: filter };
  return { field: FIELD_ALIASES.get(normal) ?? normal, item: null };
};

/** Own spellings before aliases, then by alphabet: which of two keys for one field wins must not depend on order. */
export const byPrecedence = (a: string, b: string): number => {
  const rank = (key: string): number => {
    const place = placeOf(key);
    return place.item === null && place.field === normalizeKey(key) ? 0 : 1;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
};
