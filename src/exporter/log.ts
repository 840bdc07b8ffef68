/** One JSON object a line. Only names, counts and codes are logged: no value of a Secret, no message of another side. */

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, string | number | boolean>>;
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

export const createLog = (lowest: LogLevel, write: (line: string) => void, now: () => number): Log => {
  const from = LOG_LEVELS.indexOf(lowest);
  return (level, message, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < from) return;
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`);
  };
};

/**
 * An HTTP status or error code. Messages stay out: those of the Kubernetes client hold whole answers, those of a YAML
 * parser the lines they failed at.
 */
export const errorCode = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return "unknown";
  const { code, statusCode, cause, name } = error as { [key in "code" | "statusCode" | "cause" | "name"]?: unknown };
  const found = [statusCode, code, (cause as { code?: unknown } | undefined)?.code, name].find(
    (value) => typeof value === "number" || (typeof value === "string" && /^[\w.-]{1,40}$/.test(value)),
  );
  return found === undefined ? "unknown" : String(found);
};
