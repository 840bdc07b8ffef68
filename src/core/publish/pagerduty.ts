/**
 * PagerDuty Events API v2 (contracts 11.3, targets.md 2): trigger and resolve by `dedup_key`, change events for alerts
 * labelled `change_event="true"`. Nobody is paged for what came and went while PagerDuty could not be reached.
 */
import { err, ok } from "../result.ts";
import type { Target, TargetCredentials } from "../route/target.ts";
import { safeLink } from "./escape.ts";
import type { Format, Step } from "./format.ts";
import { judge } from "./judge.ts";
import { pagerdutyBody } from "./judge-body.ts";
import { keyOf } from "./key.ts";
import type { Notification, NotificationAlert } from "./notification.ts";
import type { Receipt } from "./outcome.ts";
import { customDetails } from "./pagerduty-details.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest } from "./request.ts";
import { historyLink, linksOf, markOf, nameOf, severityOfNotification, singleOf, tell } from "./story.ts";
import { cut, hashText, oneLine, utf8Bytes } from "./text.ts";

/** PagerDuty refuses more than 512 KB; Alertmanager stays below this as well. */
const MAX_BYTES = 512_000;
const MAX_SUMMARY = 1024;
const MAX_FIELD = 255;

/** The labels `error` and `major` have a severity of their own at PagerDuty, unless the alert was raised to critical. */
const severityWord = (notification: Notification): string => {
  const severity = severityOfNotification(notification);
  if (severity === "critical") return "critical";
  const labels = notification.alerts.map((alert) => (alert.labels.severity ?? "").trim().toLowerCase());
  if (labels.some((label) => label === "error" || label === "major")) return "error";
  return severity === "warning" ? "warning" : "info";
};

const summaryOf = (notification: Notification): string => {
  const single = singleOf(notification);
  if (single !== null) {
    const namespace = single.labels.namespace;
    const judged = single.classification;
    return oneLine(
      `${markOf(notification)}${nameOf(notification)}${namespace ? ` in ${namespace}` : ""}${judged ? ` (AI: ${judged.severity})` : ""}`,
    );
  }
  const { title, body, status } = tell(notification, { body: 100, lines: 0, value: 100 });
  return `${markOf(notification)}${title}: ${status}${notification.kind === "digest" && body ? `, ${body}` : ""}`;
};

const sourceOf = ({ alerts, commonLabels }: Notification): string => {
  const labels = alerts.length === 1 ? (alerts[0]?.labels ?? {}) : commonLabels;
  return labels.instance || labels.namespace || "unknown";
};

const imagesOf = (alert: NotificationAlert | undefined): readonly object[] =>
  ["grafana_snapshot", "image_url"].flatMap((name) => {
    const src = safeLink(alert?.annotations[name] ?? "");
    return src?.startsWith("https://") ? [{ src, alt: name }] : [];
  });

const short = (text: string | undefined): string | undefined => cut(oneLine(text ?? ""), MAX_FIELD) || undefined;

const payloadOf = (notification: Notification): object => {
  const [alert] = notification.alerts;
  return {
    summary: cut(summaryOf(notification), MAX_SUMMARY),
    source: short(sourceOf(notification)) ?? "unknown",
    severity: severityWord(notification),
    timestamp: new Date(alert?.startsAt ?? notification.at).toISOString(),
    component: short(alert?.labels.job),
    group: short(nameOf(notification)),
    class: alert?.classification?.category ?? "alert",
  };
};

/** The body, with the details replaced by a note where they are too large. */
const withDetails = (notification: Notification, build: (details: object) => object): object => {
  const whole = build(customDetails(notification));
  return utf8Bytes(JSON.stringify(whole)) <= MAX_BYTES
    ? whole
    : build({ note: `left out: larger than ${MAX_BYTES} bytes`, history: historyLink(notification) });
};

const triggerBody = (notification: Notification, routingKey: string, dedupKey: string): object =>
  withDetails(notification, (details) => ({
    routing_key: routingKey,
    event_action: "trigger",
    dedup_key: dedupKey,
    payload: { ...payloadOf(notification), custom_details: details },
    links: linksOf(notification),
    images: imagesOf(notification.alerts[0]),
    client: "alert-history",
    client_url: safeLink(notification.publicUrl) ?? undefined,
  }));

const changeBody = (notification: Notification, routingKey: string): object =>
  withDetails(notification, (details) => ({
    routing_key: routingKey,
    payload: {
      summary: cut(summaryOf(notification), MAX_SUMMARY),
      source: short(sourceOf(notification)) ?? "unknown",
      timestamp: new Date(notification.alerts[0]?.startsAt ?? notification.at).toISOString(),
      custom_details: details,
    },
    links: linksOf(notification),
  }));

/** Tells one routing key from another without giving either away. */
const referenceOf = (routingKey: string): string => hashText(routingKey).slice(0, 8);

const KEY_CHANGED =
  "the routing key changed since the trigger and is none of former_routing_keys: close that incident by hand";

/** The key an incident was opened with, or the present one: PagerDuty knows the incident under that key alone. */
const keyFor = ({ routingKey = "", formerRoutingKeys = [] }: TargetCredentials, receipt: Receipt | null): string =>
  formerRoutingKeys.find((key) => referenceOf(key) === receipt?.routing_key_reference) ?? routingKey;

const stepOf = (
  name: "trigger" | "resolve" | "change",
  url: string,
  body: object,
  target: Target,
  routingKey: string,
  after: Receipt | null,
): Step => {
  const secrets = secretsOf(target);
  return {
    name,
    request: jsonRequest(target, { url, body }),
    read: (answer, known, now) => {
      const outcome = judge(answer, known, now, {
        secrets,
        body: pagerdutyBody,
        receipt: () => (name === "change" ? known : after),
      });
      const key = known?.routing_key_reference;
      const changed = name !== "change" && key !== undefined && key !== referenceOf(routingKey);
      return outcome.kind === "delivered" && changed ? { ...outcome, note: KEY_CHANGED } : outcome;
    },
  };
};

const isChange = ({ kind, alerts }: Notification): boolean =>
  kind !== "digest" && alerts.length > 0 && alerts.every((alert) => alert.labels.change_event === "true");

export const pagerduty: Format = {
  name: "pagerduty",
  per: "alert",
  keyed: true,
  audience: "pager",
  pace: { perSecond: 100 / 60, burst: 10 },
  next: (notification, target, receipt, stepsDone) => {
    if (target.credentials.routingKey === undefined)
      return err({ reason: "payload", error: "the target has no routing key" });
    if (stepsDone.length > 0) return ok("done");
    const routingKey = keyFor(target.credentials, receipt);
    const ended = notification.status === "resolved" || notification.kind === "missed";
    if (isChange(notification)) {
      const url = target.url.replace(/\/enqueue$/, "/change/enqueue");
      const isTold = ended || notification.reason === "repeatIntervalElapsed";
      return ok(
        isTold ? "done" : stepOf("change", url, changeBody(notification, routingKey), target, routingKey, receipt),
      );
    }
    const dedupKey = receipt?.dedup_key ?? keyOf(notification, target, "alert");
    if (ended) {
      const body = { routing_key: routingKey, event_action: "resolve", dedup_key: dedupKey };
      return ok(stepOf("resolve", target.url, body, target, routingKey, null));
    }
    const after = { dedup_key: dedupKey, routing_key_reference: referenceOf(routingKey) };
    const body = triggerBody(notification, routingKey, dedupKey);
    return ok(stepOf("trigger", target.url, body, target, routingKey, after));
  },
};
