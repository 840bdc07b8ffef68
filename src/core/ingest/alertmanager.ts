/** The body of Alertmanager's webhook notifier, version 4 (targets 12). Grafana sends the same with more fields. */
import type { UpstreamGroup } from "../alert/alert.ts";
import { readTime } from "../alert/time.ts";
import { ok } from "../result.ts";
import { readAnnotations } from "./annotations.ts";
import type { Body, Draft, Envelope, GroupMeta, InputFormat } from "./format.ts";
import { arrayAt, hasAny, isObject, type JsonObject, readText, scalarText } from "./json.ts";
import { MAX_TEXT_CHARACTERS } from "./limits.ts";
import { ALERT_STATUS_WORDS, lookUpStatus, readStatus } from "./status.ts";

/** Any of these names tells the format where the version does not. */
const TELLING_NAMES = ["groupKey", "receiver", "groupLabels", "commonLabels", "externalURL", "truncatedAlerts"];

export const alertmanager: InputFormat = {
  name: "alertmanager",
  detects: (body) =>
    isObject(body) && hasAny(body, ["alerts"]) && (isVersion(body, "4") || hasAny(body, TELLING_NAMES)),
  open: (body) => openGroup(body),
  read: (entry, path, _section, envelope) => {
    const status = readStatus(entry, "status", ALERT_STATUS_WORDS, path);
    return status.ok ? ok(readGroupAlert(entry, status.value, envelope)) : status;
  },
};

export const isVersion = (body: JsonObject, version: string): boolean =>
  body.version === version || body.version === Number(version);

/** The group around the alerts. Maps may be null, any field may be missing, unknown ones are ignored. */
export const openGroup = (body: Body): Envelope => {
  const group: JsonObject = isObject(body) ? body : {};
  const status = lookUpStatus(group.status, ALERT_STATUS_WORDS);
  const truncated = group.truncatedAlerts;
  const meta: GroupMeta = {
    version: scalarText(group.version) ?? "",
    status,
    groupLabels: readAnnotations(group.groupLabels),
    commonLabels: readAnnotations(group.commonLabels),
    commonAnnotations: readAnnotations(group.commonAnnotations),
    routeLabels: readAnnotations(group.routeLabels),
    notificationReason: text(group, "notification_reason"),
    orgId: Number.isFinite(group.orgId) ? Number(group.orgId) : null,
    title: text(group, "title"),
    state: text(group, "state"),
    message: text(group, "message"),
  };
  const upstream: UpstreamGroup = {
    groupKey: text(group, "groupKey"),
    receiver: text(group, "receiver"),
    externalURL: text(group, "externalURL"),
  };
  return {
    sections: [{ entries: arrayAt(group, "alerts") ?? [], pathOf: (position) => `/alerts/${position}` }],
    status,
    upstream,
    groupMeta: meta,
    truncatedAlerts: typeof truncated === "number" && truncated > 0 ? Math.trunc(truncated) : 0,
  };
};

const text = (group: JsonObject, name: string): string => readText(group[name], MAX_TEXT_CHARACTERS);

/**
 * An alert without a status takes the group's only where that is "resolved", which means all of them. "firing" means at
 * least one, so there the alert's end decides.
 */
export const readGroupAlert = (entry: JsonObject, status: Draft["status"], envelope: Envelope): Draft => ({
  labels: entry.labels,
  annotations: entry.annotations,
  status: status ?? (envelope.status === "resolved" ? "resolved" : null),
  startsAt: readTime(entry.startsAt),
  endsAt: readTime(entry.endsAt),
  generatorURL: entry.generatorURL,
  fingerprint: entry.fingerprint,
});
