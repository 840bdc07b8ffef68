/** Receivers of JSON: one that verifies Standard Webhooks and remembers ids, one that takes Alertmanager's version 4. */
import { Webhook } from "standardwebhooks";
import { bytesOf, createChecker, isObject, type Json, type JsonObject, objectOf, parseJson } from "./check.ts";
import { jsonAnswer, type Provider, textAnswer } from "./sink.ts";

export interface WebhookProvider extends Provider {
  /** Bodies by notification id; a repeat of an id adds nothing. */
  readonly received: ReadonlyMap<string, JsonObject>;
  readonly repeats: readonly string[];
}

const MAX_BYTES = 1_048_576;

const verified = (secret: string, body: string, headers: Readonly<Record<string, string>>): boolean => {
  try {
    new Webhook(secret).verify(body, { ...headers });
    return true;
  } catch {
    return false;
  }
};

const keep = (received: Map<string, JsonObject>, repeats: string[], id: string, body: JsonObject): void => {
  if (received.has(id)) repeats.push(id);
  else received.set(id, body);
};

/** A receiver of the generic webhook. With a secret it takes only signed requests. */
export const createWebhook = (secret?: string): WebhookProvider => {
  const received = new Map<string, JsonObject>();
  const repeats: string[] = [];
  return {
    name: "webhook",
    received,
    repeats,
    handle: (request) => {
      if (request.method !== "POST") return textAnswer(405, "");
      if (bytesOf(request.body) > MAX_BYTES) return textAnswer(413, "too large");
      if (!(request.headers["content-type"] ?? "").startsWith("application/json")) return textAnswer(415, "not JSON");
      if (secret !== undefined && !verified(secret, request.body, request.headers))
        return textAnswer(401, "bad signature");
      const body = objectOf(request.body);
      const check = createChecker();
      const id = request.headers["x-notification-id"] ?? "";
      check.text(id, "x-notification-id", 200);
      check.that(/^[\w]+(?:\.[\w]+)*$/.test(String(body.type)), "type is not dotted words");
      check.that(!Number.isNaN(Date.parse(String(body.timestamp))), "timestamp is no time");
      check.that(secret === undefined || isObject(body.data), "data is missing");
      check.that(body.version === "1.0" && body.source === "alert-history-llm", "version or source is wrong");
      check.that(isObject(body.group), "group is missing");
      check.list(body.alerts, "alerts", 100_000);
      check.that(Number.isInteger(body.truncated_alerts), "truncated_alerts is missing");
      if (check.complaints.length > 0) return jsonAnswer(400, { errors: check.complaints });
      keep(received, repeats, id, body);
      return jsonAnswer(200, { received: true });
    },
  };
};

const MAPS = ["groupLabels", "commonLabels", "commonAnnotations"];

const alertComplaints = (alert: Json): readonly string[] => {
  const check = createChecker();
  if (!isObject(alert)) return ["an alert is no object"];
  check.oneOf(alert.status, "status", ["firing", "resolved"]);
  for (const name of ["labels", "annotations"]) {
    const map = alert[name];
    const values = isObject(map) ? Object.values(map) : [null];
    check.that(
      values.every((value) => typeof value === "string"),
      `${name} are no texts`,
    );
  }
  for (const name of ["startsAt", "endsAt"]) {
    check.that(!Number.isNaN(Date.parse(String(alert[name]))), `${name} is no time`);
  }
  check.that(typeof alert.generatorURL === "string", "generatorURL is no text");
  check.that(/^[0-9a-f]{16}$/.test(String(alert.fingerprint)), "fingerprint is none");
  const ended = Date.parse(String(alert.endsAt)) > 0;
  check.that(ended === (alert.status === "resolved"), "endsAt and status disagree");
  return check.complaints;
};

/** A receiver that keys on what Alertmanager fills, and refuses any other version. */
export const createAlertmanagerReceiver = (): WebhookProvider => {
  const received = new Map<string, JsonObject>();
  const repeats: string[] = [];
  return {
    name: "alertmanager",
    received,
    repeats,
    handle: (request) => {
      if (request.method !== "POST") return textAnswer(405, "");
      if (bytesOf(request.body) > MAX_BYTES) return textAnswer(413, "too large");
      if (parseJson(request.body) === undefined) return textAnswer(400, "not JSON");
      const body = objectOf(request.body);
      const check = createChecker();
      check.that(body.version === "4", "version is not the text 4");
      check.text(body.groupKey, "groupKey", MAX_BYTES);
      check.text(body.receiver, "receiver", 1000);
      check.oneOf(body.status, "status", ["firing", "resolved"]);
      check.that(Number.isInteger(body.truncatedAlerts), "truncatedAlerts is no number");
      for (const name of MAPS) check.that(isObject(body[name]), `${name} is no map`);
      check.that(typeof body.externalURL === "string", "externalURL is no text");
      check.complaints.push(...check.list(body.alerts, "alerts", 100_000).flatMap(alertComplaints));
      if (check.complaints.length > 0) return jsonAnswer(400, { errors: check.complaints.slice(0, 20) });
      keep(received, repeats, request.headers["x-notification-id"] ?? "", body);
      return textAnswer(200, "");
    },
  };
};
