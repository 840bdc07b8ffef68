/** Status words of senders. Each format brings its own table from lower-case words. */
import type { AlertStatus } from "../alert/alert.ts";
import { type Defect, err, ok, type Result } from "../result.ts";
import { type JsonObject, pointer } from "./json.ts";

export type StatusWords<S extends string> = ReadonlyMap<string, S>;

/** The words of the webhook formats; case does not matter (contracts 3.2). */
export const ALERT_STATUS_WORDS: StatusWords<AlertStatus> = new Map([
  ["firing", "firing"],
  ["resolved", "resolved"],
]);

/** The status under `field`; null where it is missing, null or empty; other words are a defect. */
export const readStatus = <S extends string>(
  entry: JsonObject,
  field: string,
  words: StatusWords<S>,
  path: string,
): Result<S | null, Defect> => {
  const value = entry[field];
  if (value === undefined || value === null || value === "") return ok(null);
  const status = lookUpStatus(value, words);
  if (status !== null) return ok(status);
  return err({ path: pointer(path, field), message: `must be one of ${[...words.keys()].join(", ")}` });
};

/** The status a word means; null for everything that is no word of the table. */
export const lookUpStatus = <S extends string>(value: unknown, words: StatusWords<S>): S | null => {
  if (typeof value !== "string") return null;
  return words.get(value) ?? words.get(value.trim().toLowerCase()) ?? null;
};
