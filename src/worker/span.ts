/** Spans of the platform's own tracing around a stage; `[observability]` in wrangler.toml decides where they go. */
import { tracing } from "cloudflare:workers";

export type SpanFields = Readonly<Record<string, string | number | boolean>>;

/** Runs `work` inside a span; attributes are ids and counts, never content. */
export const inSpan = <T>(name: string, fields: SpanFields, work: () => T): T =>
  tracing.enterSpan(name, (span) => {
    for (const [key, value] of Object.entries(fields)) span.setAttribute(key, value);
    return work();
  });
