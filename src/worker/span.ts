/**
 * Spans of the platform's own tracing, one per stage; `[observability.traces]` in wrangler.toml says how many requests are
 * traced. They nest over calls of objects; a queue message or an alarm begins a trace of its own, which the ids in the
 * attributes join.
 */
import { tracing } from "cloudflare:workers";

/** The stages in the order of the pipeline; `cron` has one per part. */
export type Stage =
  | "ingest"
  | "dedup"
  | "process"
  | "classify"
  | "decide"
  | "history.commit"
  | "group.join"
  | "group.flush"
  | "publish"
  | "deliver"
  | "send"
  | "cron"
  | `cron.${string}`;

/** Ids, names, counts and reasons; never what an alert says, never a URL. A null is left out. */
export type SpanFields = Readonly<Record<string, string | number | boolean | null>>;

/** Adds what is known only at the end of a stage. */
export type Note = (fields: SpanFields) => void;

const withoutNulls = (fields: SpanFields) =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value ?? undefined]));

const NOT_TRACED: Note = () => {};

/** Runs `work` inside a span of this stage. What it throws leaves the span marked as failed. */
export const inSpan = <T>(stage: Stage, fields: SpanFields, work: (note: Note) => T): T => {
  // Entering a span costs 9 µs even where nothing is recorded, asking for it one (workerd of 2026-10-23).
  if (tracing.getActiveSpan()?.isTraced === false) return work(NOT_TRACED);
  return tracing.enterSpan(stage, (span) => {
    const note: Note = (more) => void span.setAttributes(withoutNulls(more));
    note(fields);
    const fail = (error: unknown): never => {
      // The text of an error may quote an alert; its name does not.
      span.setAttribute("error.type", error instanceof Error ? error.name : "unknown");
      span.setStatus({ code: "error" });
      throw error;
    };
    try {
      const result = work(note);
      return result instanceof Promise ? (result.catch(fail) as T) : result;
    } catch (error) {
      return fail(error);
    }
  });
};
