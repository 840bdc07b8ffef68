/**
 * One JSON line per thing that happened, from LOG_LEVEL up. Callers pass ids, counts and reasons, never labels, texts or
 * addresses; whatever they pass is masked here, because nobody knows what a library puts into the text of an error.
 */
import { maskCredentials } from "../core/classify/credentials.ts";

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

/** More of an error's text tells nothing more. */
const MAX_ERROR_CHARS = 500;

/** Variables as the runtime offers them everywhere; handlers, objects and tests have no other place in common. */
const variables = (globalThis as { readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> } })
  .process?.env;

const isWritten = (level: Level): boolean => {
  const from = LEVELS.findIndex((name) => name === variables?.LOG_LEVEL);
  return LEVELS.indexOf(level) >= (from < 0 ? LEVELS.indexOf("info") : from);
};

const write = (level: Level, event: string, fields: LogFields): void => {
  if (isWritten(level)) console[level](JSON.stringify({ level, event, ...masked(fields) }));
};

/** Ids of ours, which look like keys and are none. */
const IDS = ["requestId", "receiptId", "id", "subject", "group"];

/** A word this short is no credential: nothing that is masked has fewer characters, or does without others than these. */
const SHORT_WORD = /^\w{0,12}$/;

/** Every text but our own ids, without what looks like a credential. */
const masked = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" && !IDS.includes(name) && !SHORT_WORD.test(value) ? maskCredentials(value) : value,
    ]),
  );

/** An error in one line, without what looks like a credential. */
export const errorText = (error: unknown): string =>
  maskCredentials(
    (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, MAX_ERROR_CHARS),
  );

export const logDebug = (event: string, fields: LogFields = {}): void => write("debug", event, fields);
export const logInfo = (event: string, fields: LogFields = {}): void => write("info", event, fields);
export const logWarn = (event: string, fields: LogFields = {}): void => write("warn", event, fields);
export const logError = (event: string, error: unknown, fields: LogFields = {}): void => {
  if (isWritten("error")) write("error", event, { ...fields, error: errorText(error) });
};
