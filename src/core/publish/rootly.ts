/**
 * Rootly (contracts 11.2, targets.md 4): an incident per alert, or an alert where the target says so. Opened once, changed
 * and resolved by the id Rootly gave, which is remembered with its kind: the option may change in between.
 */
import { err, ok } from "../result.ts";
import type { Target } from "../route/target.ts";
import type { Format, FormatRequest, Step } from "./format.ts";
import { judge } from "./judge.ts";
import { rootlyBody, textAt } from "./judge-body.ts";
import { keyOf } from "./key.ts";
import type { Notification } from "./notification.ts";
import type { Receipt } from "./outcome.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest } from "./request.ts";
import { alertAttributes, incidentAttributes } from "./rootly-attributes.ts";
import { countsOf, markOf, nameOf, singleOf } from "./story.ts";
import { cut, durationText, oneLine } from "./text.ts";

const MAX_RESOLUTION = 1000;

type Kind = "incident" | "alert";
type Call = "create" | "update" | "resolve";

/** Incidents are changed with PUT, alerts with PATCH; both resolve under their own path. */
const METHODS: Readonly<Record<Kind, Readonly<Record<Call, FormatRequest["method"]>>>> = {
  incident: { create: "POST", update: "PUT", resolve: "PUT" },
  alert: { create: "POST", update: "PATCH", resolve: "POST" },
};

const resolutionOf = (notification: Notification): string => {
  const single = singleOf(notification);
  const words =
    single !== null && single.endsAt !== null
      ? `resolved after ${durationText(single.endsAt - single.startsAt)}`
      : `all resolved (${countsOf(notification)})`;
  return cut(oneLine(`${markOf(notification)}${nameOf(notification)} ${words}`), MAX_RESOLUTION);
};

const attributesOf = (kind: Kind, call: Call, notification: Notification, target: Target, key: string): object => {
  if (call === "resolve") return { resolution_message: resolutionOf(notification) };
  const attributes =
    kind === "incident" ? incidentAttributes(notification, target) : alertAttributes(notification, target, key);
  if (call === "create") return attributes;
  // When it began, how it was opened and its keys belong to its creation.
  const {
    kind: _kind,
    status: _status,
    started_at,
    source,
    external_id,
    deduplication_key,
    ...changeable
  } = attributes as Readonly<Record<string, unknown>>;
  return changeable;
};

/** `Authorization` comes from the target's own headers where it has no API key. */
const authorization = ({ credentials }: Target): Readonly<Record<string, string>> =>
  credentials.apiKey === undefined ? {} : { authorization: `Bearer ${credentials.apiKey}` };

const pathOf = (kind: Kind, call: Call, id: string): string => {
  const path = `/${kind}s${call === "create" ? "" : `/${encodeURIComponent(id)}`}`;
  return call === "resolve" ? `${path}/resolve` : path;
};

const stepOf = (call: Call, kind: Kind, notification: Notification, target: Target, receipt: Receipt | null): Step => {
  const secrets = secretsOf(target);
  const key = keyOf(notification, target, "alert");
  const known = receipt?.id ?? "";
  const attributes = attributesOf(kind, call, notification, target, key);
  return {
    name: call,
    request: jsonRequest(target, {
      method: METHODS[kind][call],
      url: `${target.url.replace(/\/+$/, "")}${pathOf(kind, call, known)}`,
      headers: {
        ...authorization(target),
        "content-type": "application/vnd.api+json",
        accept: "application/vnd.api+json",
      },
      body: { data: { type: `${kind}s`, attributes } },
    }),
    read: (answer, before, now) =>
      judge(answer, before, now, {
        secrets,
        body: rootlyBody(call),
        receipt: (json) => {
          if (call === "resolve") return null;
          const id = call === "create" ? textAt(json, "data", "id") : known;
          return id === null ? null : { id, kind };
        },
      }),
  };
};

export const rootly: Format = {
  name: "rootly",
  per: "alert",
  keyed: false,
  audience: "pager",
  pace: { perSecond: 20, burst: 20 },
  next: (notification, target, receipt, stepsDone) => {
    const authorized =
      target.credentials.apiKey !== undefined ||
      Object.keys(target.headers).some((name) => name.toLowerCase() === "authorization");
    if (!authorized) return err({ reason: "payload", error: "the target has no API key" });
    const opened = receipt?.id !== undefined;
    const kind: Kind =
      ((opened ? receipt.kind : target.options.rootlyKind) ?? "incident") === "alert" ? "alert" : "incident";
    if (stepsDone.length > 0 && receipt?.gone === undefined) return ok("done");
    if (notification.status === "resolved" || notification.kind === "missed") {
      return ok(opened ? stepOf("resolve", kind, notification, target, receipt) : "not_opened");
    }
    return ok(stepOf(opened ? "update" : "create", kind, notification, target, receipt));
  },
};
