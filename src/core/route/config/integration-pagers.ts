/** Webhooks, PagerDuty and Opsgenie of an Alertmanager configuration as targets. */
import { isTemplated } from "./integration.ts";
import type { Convert } from "./integration-chats.ts";
import { httpOf, readHttp } from "./integration-http.ts";
import { type LiquidJson, writeLiquidJson } from "./liquid-json.ts";
import { toJson, type YamlNode } from "./node.ts";
import { nodeAt, wordAt } from "./values.ts";

export const webhook: Convert = (given, global) => {
  const { node, report } = given;
  const url = given.secret("url");
  if (url === null) {
    if (!given.has("url")) report.defect(node, "needs a url");
    return null;
  }
  if (isTemplated(url)) {
    report.warn(nodeAt(node, "url") ?? node, "is a template, and where alerts go is not up to them: it is not served");
    return null;
  }
  const payload = nodeAt(node, "payload");
  given.use("payload");
  const write = (part: YamlNode): LiquidJson => {
    if (part.kind === "list") return part.items.map(write);
    if (part.kind === "map")
      return Object.fromEntries([...part.entries].map(([key, { value }]) => [key, write(value)]));
    if (part.kind === "text" && isTemplated(part.text)) return given.templateOf(part) ?? "";
    const plain = toJson(part);
    return typeof plain === "string" || typeof plain === "number" || typeof plain === "boolean" ? plain : null;
  };
  const body = payload === null ? null : write(payload);
  const isOwn = body !== null && !given.isUntranslated();
  return {
    type: "webhook",
    ...(isOwn
      ? { format: "template", template: writeLiquidJson(body), content_type: "application/json" }
      : { format: "alertmanager" }),
    ...given.common(true),
    url,
    ...readHttp(httpOf(node, global), report),
  };
};

export const pagerduty: Convert = (given) => {
  const { node, report } = given;
  const routingKey = given.secret("routing_key");
  const serviceKey = routingKey === null ? given.secret("service_key") : null;
  const url = given.word("url") ?? given.global("pagerduty_url");
  const key = routingKey ?? serviceKey;
  if (key === null) {
    if (!given.has("routing_key") && !given.has("service_key")) report.defect(node, "needs a routing_key");
    return null;
  }
  if (serviceKey !== null) {
    const place = nodeAt(node, "service_key") ?? node;
    report.warn(place, "belongs to PagerDuty's first Events API: it is used as routing key of the second, test it");
  }
  // The address of the first API takes no events of the second.
  const isSecondApi = url !== null && !url.includes("/generic/");
  return { type: "pagerduty", ...given.common(true), routing_key: key, ...(isSecondApi ? { url } : {}) };
};

export const opsgenie: Convert = (given, global) => {
  const { node, report } = given;
  const key = given.secret("api_key", "opsgenie_api_key");
  const url = given.word("api_url") ?? given.global("opsgenie_api_url");
  if (key === null) {
    const isInFile = given.has("api_key") || (global !== null && wordAt(global, "opsgenie_api_key_file") !== null);
    if (!isInFile) report.defect(node, "needs an api_key, here or as opsgenie_api_key in global");
    return null;
  }
  return { type: "opsgenie", ...given.common(true), api_key: key, ...(url === null ? {} : { url }) };
};
