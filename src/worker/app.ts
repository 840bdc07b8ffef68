/** Middleware in order, then the routes. */
import { routes } from "./http.ts";
import { logError } from "./log.ts";
import { countRequests } from "./middleware/count-requests.ts";
import { notModified } from "./middleware/not-modified.ts";
import { requestId } from "./middleware/request-id.ts";
import { problem } from "./problem.ts";
import { alertmanagerRoutes } from "./routes/alertmanager/alerts.ts";
import { silenceRoutes } from "./routes/alertmanager/silences.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { auditRoutes } from "./routes/audit.ts";
import { classificationRoutes } from "./routes/classification.ts";
import { classificationReportRoutes } from "./routes/classification-report.ts";
import { configRoutes } from "./routes/config.ts";
import { dashboardApiRoutes } from "./routes/dashboard-api.ts";
import { deadLetterRoutes } from "./routes/dead-letters.ts";
import { deliveryTimesRoutes } from "./routes/delivery-times.ts";
import { discoveryRoutes } from "./routes/discovery.ts";
import { enrichmentRoutes } from "./routes/enrichment.ts";
import { explainRoute } from "./routes/explain.ts";
import { filterRoutes } from "./routes/filters.ts";
import { healthRoutes } from "./routes/health.ts";
import { alertHistoryRoutes, historyRoutes } from "./routes/history.ts";
import { analyticsRoutes } from "./routes/history-analytics.ts";
import { exportRoutes } from "./routes/history-export.ts";
import { incidentRoutes } from "./routes/incidents.ts";
import { ingestRoutes } from "./routes/ingest.ts";
import { liveRoutes } from "./routes/live.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { notificationRequestRoutes } from "./routes/notification-request.ts";
import { notificationRoutes } from "./routes/notifications.ts";
import { addApiDocument } from "./routes/openapi.ts";
import { proxyRoutes } from "./routes/proxy.ts";
import { publishingRoutes } from "./routes/publishing.ts";
import { dlqRoutes } from "./routes/publishing-dlq.ts";
import { queueRoutes } from "./routes/publishing-queue.ts";
import { publishingSendRoutes } from "./routes/publishing-send.ts";
import { publishingTargetRoutes } from "./routes/publishing-targets.ts";
import { receiptRoutes } from "./routes/receipts.ts";
import { reportRoutes } from "./routes/report.ts";
import { senderRoutes } from "./routes/senders.ts";
import { sessionRoutes } from "./routes/session.ts";
import { silenceCalendarRoutes } from "./routes/silence-calendar.ts";
import { silencePreviewRoutes } from "./routes/silence-preview.ts";
import { sourceRoutes } from "./routes/sources.ts";
import { targetHealthRoutes } from "./routes/target-health.ts";
import { targetRoutes } from "./routes/targets.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { volumeRoutes } from "./routes/volume.ts";

/** Asked again and again by boards and scripts. */
const POLLED = ["/publishing/stats", "/publishing/mode", "/history/*", "/history", "/report", "/api/dashboard/*"];

export const app = routes();

app.use("*", requestId());
app.use("*", countRequests());
for (const path of POLLED) app.use(path, notModified());
app.route("/", healthRoutes);
app.route("/", metricsRoutes);
app.route("/", ingestRoutes);
app.route("/", proxyRoutes);
app.route("/", classificationRoutes);
app.route("/", classificationReportRoutes);
app.route("/", enrichmentRoutes);
app.route("/", filterRoutes);
app.route("/", historyRoutes);
app.route("/", analyticsRoutes);
app.route("/", exportRoutes);
app.route("/", reportRoutes);
app.route("/", alertmanagerRoutes);
app.route("/", silenceRoutes);
app.route("/", silencePreviewRoutes);
app.route("/", silenceCalendarRoutes);
app.route("/", incidentRoutes);
app.route("/", dashboardApiRoutes);
app.route("/", deliveryTimesRoutes);
app.route("/", volumeRoutes);
app.route("/", senderRoutes);
app.route("/", alertHistoryRoutes);
app.route("/", alertRoutes);
app.route("/", notificationRoutes);
app.route("/", notificationRequestRoutes);
app.route("/", deadLetterRoutes);
app.route("/", queueRoutes);
app.route("/", dlqRoutes);
app.route("/", publishingRoutes);
app.route("/", publishingSendRoutes);
app.route("/", receiptRoutes);
app.route("/", configRoutes);
app.route("/", explainRoute);
app.route("/", sourceRoutes);
app.route("/", targetRoutes);
app.route("/", discoveryRoutes);
app.route("/", targetHealthRoutes);
app.route("/", publishingTargetRoutes);
app.route("/", tokenRoutes);
app.route("/", auditRoutes);
app.route("/", sessionRoutes);
app.route("/", liveRoutes);

addApiDocument(app);

/** Methods that are registered for a path, from the same definitions the API document is made of. */
const methodsOf = (path: string): string[] =>
  app.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== "route") return [];
    const pattern = new RegExp(`^${definition.route.path.replace(/\{[^}]+\}/g, "[^/]+")}$`);
    return pattern.test(path) ? [definition.route.method.toUpperCase()] : [];
  });

/** Clients of Alertmanager's API expect its kind of error: a JSON string. */
const isAlertmanagers = (path: string): boolean => path.startsWith("/api/v2/");

app.notFound((c) => {
  const allowed = methodsOf(c.req.path);
  if (allowed.length === 0) {
    if (isAlertmanagers(c.req.path)) return c.json(`path ${c.req.path} was not found`, 404);
    return problem(c, "not-found", `nothing is at ${c.req.path}`);
  }
  const allow = [...new Set(allowed.includes("GET") ? [...allowed, "HEAD"] : allowed)].join(", ");
  return problem(c, "method-not-allowed", `${c.req.path} takes ${allow}`, { headers: { allow } });
});

app.onError((error, c) => {
  const isTheirs = isAlertmanagers(c.req.path);
  if ("getResponse" in error && "status" in error) {
    const [wrongType, notJson] = ["the body must be application/json", "the body is invalid: not JSON"];
    if (error.status === 415)
      return isTheirs ? c.json(wrongType, 415) : problem(c, "unsupported-media-type", wrongType);
    if (error.status === 400) return isTheirs ? c.json(notJson, 400) : problem(c, "malformed-body", notJson);
  }
  logError("http.error", error, { requestId: c.get("requestId"), path: c.req.path });
  const detail = "the request failed here; the log names it by its request id";
  return isTheirs ? c.json(detail, 500) : problem(c, "internal", detail);
});
