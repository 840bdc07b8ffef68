/**
 * Ingest: alerts in, a receipt out, and the receipt only when every accepted alert is on disk. Never a redirect and
 * never 429, because senders take both for final; what may pass is 503 with Retry-After (targets.md 15).
 */
import type { Context } from "hono";
import type { Parsed } from "../../core/ingest/parse.ts";
import { type AlertOutcome, buildReceipt } from "../../core/ingest/receipt.ts";
import { type AppEnv, requireScope, routes } from "../http.ts";
import { storeAlerts } from "../ingest.ts";
import { logDebug, logInfo } from "../log.ts";
import { problem } from "../problem.ts";
import { newReceiptId } from "../receipt-id.ts";
import { modeHeaders, overloaded, RETRY_AFTER_SECONDS, receiveAlerts } from "../receive.ts";
import { registry } from "../registry.ts";
import { ReceiptSchema } from "../schemas.ts";

export const ingestRoutes = routes();

/** Where nothing but repeats came in, nothing happened that somebody would look for. */
const logStored = (
  c: Context<AppEnv>,
  { format, received, rejects }: Parsed,
  outcomes: readonly AlertOutcome[],
  receiptId: string,
): void => {
  const repeats = rejects.length === 0 && outcomes.every((outcome) => outcome === "duplicate");
  (repeats ? logDebug : logInfo)("ingest.stored", {
    requestId: c.var.requestId,
    receiptId,
    format,
    source: c.var.caller.source,
    received,
    failed: rejects.length,
  });
};

ingestRoutes.on(["POST", "PUT"], "/webhook", requireScope("ingest"), async (c) => {
  const now = Date.now();
  const parsed = await receiveAlerts(c, "webhook", now);
  if (parsed === null) return overloaded(c);
  if (!parsed.ok) return problem(c, parsed.error.type, parsed.error.detail, { errors: parsed.error.errors });
  const receiptId = newReceiptId(now);
  const stored = await storeAlerts(c.env, parsed.value, receiptId, c.var.caller.source);
  if (!stored.ok) return overloaded(c);
  const { httpStatus, body } = buildReceipt(parsed.value, stored.value, {
    requestId: c.var.requestId,
    receiptId,
    mode: registry(c.env).peekMode(),
    processingTimeMs: Date.now() - now,
  });
  logStored(c, parsed.value, stored.value, receiptId);
  return new Response(JSON.stringify(body), {
    status: httpStatus,
    headers: { "content-type": "application/json", ...modeHeaders(c, now) },
  });
});

/** As Alertmanager says it. */
const comeAgain = (c: Context<AppEnv>): Response =>
  c.json("the alerts could not all be stored; send them again", 503, { "retry-after": String(RETRY_AFTER_SECONDS) });

ingestRoutes.post("/api/v2/alerts", requireScope("ingest"), async (c) => {
  const now = Date.now();
  const parsed = await receiveAlerts(c, "prometheus", now);
  if (parsed === null) return comeAgain(c);
  // Alertmanager's API answers errors as a JSON string.
  if (!parsed.ok) {
    const detail = [parsed.error.detail, ...parsed.error.errors.map((e) => `${e.path}: ${e.message}`)].join("; ");
    return c.json(detail, parsed.error.type === "too-large" ? 413 : 400);
  }
  const receiptId = newReceiptId(now);
  const stored = await storeAlerts(c.env, parsed.value, receiptId, c.var.caller.source);
  if (!stored.ok) return comeAgain(c);
  logStored(c, parsed.value, stored.value, receiptId);
  if (parsed.value.rejects.length > 0) {
    return c.json(parsed.value.rejects.map(({ path, error }) => `${path}: ${error}`).join("; "), 400);
  }
  return c.body(null, 200, modeHeaders(c, now));
});

const documented = {
  security: [{ token: [] as string[] }],
  "x-scope": "ingest",
  responses: { 200: { description: "Stored" }, 503: { description: "Not stored; send again" } },
};
const receipt = { content: { "application/json": { schema: ReceiptSchema } } };
for (const method of ["post", "put"] as const) {
  ingestRoutes.openAPIRegistry.registerPath({
    method,
    path: "/webhook",
    summary: "Alerts of any known format",
    ...documented,
    responses: {
      200: { description: "All stored", ...receipt },
      207: { description: "Stored, but for those named in `errors`", ...receipt },
      400: { description: "Nothing of it can be stored" },
      413: { description: "Too large, or too many alerts" },
      503: documented.responses[503],
    },
  });
}
ingestRoutes.openAPIRegistry.registerPath({
  method: "post",
  path: "/api/v2/alerts",
  summary: "Alerts as Prometheus sends them to an Alertmanager",
  ...documented,
  responses: {
    ...documented.responses,
    400: { description: "Alerts of it are wrong, as a JSON string; the others are stored" },
    413: { description: "Too large, or too many alerts" },
  },
});
