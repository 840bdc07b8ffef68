/** PagerDuty Events API v2: its limits, and its silence about a resolve that meets nothing. */
import {
  bytesOf,
  type Checker,
  createChecker,
  isHttpUrl,
  isObject,
  type JsonObject,
  objectOf,
  parseJson,
} from "./check.ts";
import { jsonAnswer, type Provider, pathOf, type SinkAnswer, type SinkRequest } from "./sink.ts";

export interface PagerDutyIncident {
  readonly dedupKey: string;
  readonly routingKey: string;
  triggers: number;
  resolved: boolean;
}

export interface PagerDutyProvider extends Provider {
  /** A trigger after a resolve is a new incident. */
  readonly incidents: readonly PagerDutyIncident[];
  /** Keys of resolves that met no open incident: accepted and dropped. */
  readonly droppedResolves: readonly string[];
  readonly changes: readonly JsonObject[];
}

const MAX_BYTES = 512 * 1024;

const checkLinks = (check: Checker, body: JsonObject): void => {
  for (const link of check.list(body.links, "links", 100)) {
    check.that(isObject(link) && isHttpUrl(link.href), "links: href is no link");
  }
  for (const image of check.list(body.images, "images", 100)) {
    check.that(
      isObject(image) && isHttpUrl(image.src) && String(image.src).startsWith("https:"),
      "images: src is not https",
    );
  }
};

const checkPayload = (check: Checker, body: JsonObject, isChange: boolean): void => {
  const payload = body.payload;
  if (!isObject(payload)) {
    check.that(false, "'payload' is missing");
    return;
  }
  check.text(payload.summary, "'payload.summary'", 1024);
  check.text(payload.source, "'payload.source'", 1024);
  if (!isChange) check.oneOf(payload.severity, "'payload.severity'", ["critical", "error", "warning", "info"]);
  for (const name of ["component", "group", "class"]) check.optionalText(payload[name], `'payload.${name}'`, 1024);
  check.that(!Number.isNaN(Date.parse(String(payload.timestamp))), "'payload.timestamp' is no ISO 8601 time");
  check.that(
    payload.custom_details === undefined || isObject(payload.custom_details),
    "'payload.custom_details' is no object",
  );
};

const invalid = (errors: readonly string[]): SinkAnswer =>
  jsonAnswer(400, { status: "invalid event", message: "Event object is invalid", errors });

export const createPagerDuty = (routingKeys: readonly string[]): PagerDutyProvider => {
  const incidents: PagerDutyIncident[] = [];
  const droppedResolves: string[] = [];
  const changes: JsonObject[] = [];

  const accept = (body: JsonObject, dedupKey: string): SinkAnswer => {
    const routingKey = String(body.routing_key);
    const open = incidents.find((one) => one.dedupKey === dedupKey && one.routingKey === routingKey && !one.resolved);
    if (body.event_action === "trigger") {
      if (open) open.triggers++;
      else incidents.push({ dedupKey, routingKey, triggers: 1, resolved: false });
    } else if (!open) droppedResolves.push(dedupKey);
    else if (body.event_action === "resolve") open.resolved = true;
    return jsonAnswer(202, { status: "success", message: "Event processed", dedup_key: dedupKey });
  };

  const checkBody = (request: SinkRequest, body: JsonObject, isChange: boolean): readonly string[] => {
    const check = createChecker();
    check.that((request.headers["content-type"] ?? "").startsWith("application/json"), "content type is not JSON");
    check.that(routingKeys.includes(String(body.routing_key)), "Invalid routing key");
    if (!isChange) {
      check.oneOf(body.event_action, "'event_action'", ["trigger", "acknowledge", "resolve"]);
      check.optionalText(body.dedup_key, "'dedup_key'", 255);
    }
    if (isChange || body.event_action === "trigger") checkPayload(check, body, isChange);
    else check.text(body.dedup_key, "'dedup_key'", 255);
    checkLinks(check, body);
    return check.complaints;
  };

  return {
    name: "pagerduty",
    incidents,
    droppedResolves,
    changes,
    handle: (request) => {
      const path = pathOf(request);
      if (request.method !== "POST" || !/^\/v2\/(?:change\/)?enqueue$/.test(path))
        return jsonAnswer(404, { status: "not found" });
      if (bytesOf(request.body) > MAX_BYTES) return jsonAnswer(413, { status: "too large" });
      if (parseJson(request.body) === undefined) return invalid(["JSON is invalid"]);
      const body = objectOf(request.body);
      const isChange = path.includes("/change/");
      const complaints = checkBody(request, body, isChange);
      if (complaints.length > 0) return invalid(complaints);
      if (!isChange)
        return accept(body, typeof body.dedup_key === "string" ? body.dedup_key : `made-${incidents.length}`);
      changes.push(body);
      return jsonAnswer(202, { status: "success", message: "Change event processed" });
    },
  };
};
