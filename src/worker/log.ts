/** One JSON line per thing that happened. Values of secrets never reach it: callers pass ids, counts and reasons. */

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

const write = (level: "info" | "warn" | "error", event: string, fields: LogFields): void => {
  console[level](JSON.stringify({ level, event, ...fields }));
};

export const logInfo = (event: string, fields: LogFields = {}): void => write("info", event, fields);
export const logWarn = (event: string, fields: LogFields = {}): void => write("warn", event, fields);
export const logError = (event: string, error: unknown, fields: LogFields = {}): void =>
  write("error", event, {
    ...fields,
    error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  });
