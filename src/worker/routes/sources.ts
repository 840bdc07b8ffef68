/** What a source makes of a pasted body, alert by alert: the same reading as ingest, and nothing is stored. */
import { z } from "@hono/zod-openapi";
import type { Parsed } from "../../core/ingest/parse.ts";
import { readSources, type Source } from "../../core/ingest/source.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { requireScope, routes } from "../http.ts";
import { problem } from "../problem.ts";
import { parseAs, readJson, sourceOf } from "../receive.ts";
import { time, timeOrNull } from "../views.ts";

const Request = z.strictObject({
  /** A source of the configuration by name, or one as it would stand there; without it the known formats alone. */
  source: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  body: z.unknown(),
  endpoint: z.enum(["/webhook", "/api/v2/alerts"]).default("/webhook"),
});

const showParsed = (parsed: Parsed) => {
  const notes = Map.groupBy(parsed.notes, ({ index }) => index);
  const accepted = parsed.alerts.map(({ alert, index }) => ({
    alert_index: index,
    outcome: "accepted" as const,
    fingerprint: alert.fingerprint,
    labels: alert.labels,
    annotations: alert.annotations,
    status: alert.status,
    startsAt: time(alert.startsAt),
    endsAt: timeOrNull(alert.endsAt),
    expiresAt: timeOrNull(alert.expiresAt),
    generatorURL: alert.generatorURL,
    notes: (notes.get(index) ?? []).map(({ text }) => text),
  }));
  const dropped = parsed.dropped.map(({ index, path, text }) => ({
    alert_index: index,
    outcome: "dropped" as const,
    path,
    reason: text,
  }));
  const rejected = parsed.rejects.map(({ index, path, error }) => ({
    alert_index: index,
    outcome: "rejected" as const,
    path,
    reason: error,
  }));
  return {
    webhook_type: parsed.format,
    alerts_received: parsed.received,
    alerts_skipped: parsed.skipped,
    alerts: [...accepted, ...dropped, ...rejected].toSorted((a, b) => a.alert_index - b.alert_index),
  };
};

type Asked = z.output<typeof Request>["source"];

/** The source that was named or supplied, or what is wrong with it. */
const findSource = async (
  env: Parameters<typeof sourceOf>[0],
  asked: Asked,
  now: number,
): Promise<Result<Source | null, readonly { path: string; message: string }[]>> => {
  if (asked === undefined) return ok(null);
  if (typeof asked !== "string") {
    const read = readSources([{ name: "preview", ...asked }]);
    if (read.ok) return ok(read.value[0] ?? null);
    return err(read.error.map(({ path, message }) => ({ path: path.replace(/^\/0/, "/source"), message })));
  }
  const source = await sourceOf(env, asked, now);
  return source === null ? err([{ path: "/source", message: `no source ${asked}` }]) : ok(source);
};

export const sourceRoutes = routes();

sourceRoutes.post("/api/v1/sources/preview", requireScope("operate"), async (c) => {
  if (!/^application\/(\S+\+)?json\b/i.test(c.req.header("content-type") ?? "")) {
    return problem(c, "unsupported-media-type", "the body must be application/json");
  }
  const now = Date.now();
  const json = await readJson(c.env, c.req.raw);
  if (!json.ok) return problem(c, json.error.type, json.error.detail, { errors: json.error.errors });
  const asked = Request.safeParse(json.value);
  if (!asked.success) {
    const errors = asked.error.issues.map((issue) => ({ path: `/${issue.path.join("/")}`, message: issue.message }));
    return problem(c, "validation", "the request is invalid", { errors });
  }
  const source = await findSource(c.env, asked.data.source, now);
  if (!source.ok) return problem(c, "validation", "the source cannot be used", { errors: source.error });
  const endpoint = asked.data.endpoint === "/webhook" ? ("webhook" as const) : ("prometheus" as const);
  const parsed = parseAs(c.env, asked.data.body, source.value, endpoint, now);
  // A body nothing can be made of is an answer here, not a failure of the request.
  if (!parsed.ok) {
    const { type, detail, errors } = parsed.error;
    return c.json({ usable: false, reason: type, detail, errors, alerts: [] });
  }
  return c.json({ usable: true, ...showParsed(parsed.value) });
});

sourceRoutes.openAPIRegistry.registerPath({
  method: "post",
  path: "/api/v1/sources/preview",
  summary: "What a source makes of a body; nothing is stored",
  security: [{ token: [] as string[] }],
  "x-scope": "operate",
  request: { body: { required: true, content: { "application/json": { schema: Request } } } },
  responses: {
    200: { description: "Each alert with its outcome and reason" },
    422: { description: "No such source, or its definition has defects" },
  },
});
