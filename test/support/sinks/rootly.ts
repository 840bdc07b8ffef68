/** Rootly's incidents and alerts: JSON:API, closed attribute lists, ids that must be known. */
import { type Checker, createChecker, isHttpUrl, isObject, type JsonObject, objectOf, parseJson } from "./check.ts";
import { jsonAnswer, type Provider, pathOf, type SinkAnswer, type SinkRequest } from "./sink.ts";

export interface RootlyRecord {
  readonly id: string;
  readonly kind: "incidents" | "alerts";
  attributes: JsonObject;
  updates: number;
  resolved: boolean;
}

export interface RootlyProvider extends Provider {
  readonly records: readonly RootlyRecord[];
  /** As when somebody deletes it there. */
  readonly remove: (id: string) => void;
}

const IDS = ["service_ids", "environment_ids", "group_ids"];
const ATTRIBUTES = {
  incidents: ["title", "kind", "status", "summary", "severity_id", "started_at", "url", "labels", ...IDS],
  alerts: [
    "source",
    "summary",
    "description",
    "status",
    "noise",
    "started_at",
    "ended_at",
    "external_id",
    "external_url",
    "deduplication_key",
    "labels",
    "data",
    ...IDS,
  ],
} as const;

const problem = (status: number, title: string, details: readonly string[] = []): SinkAnswer =>
  jsonAnswer(status, {
    errors: (details.length > 0 ? details : [title]).map((detail) => ({ title, status: String(status), detail })),
  });

const checkIncident = (check: Checker, attributes: JsonObject, create: boolean): void => {
  if (create) check.oneOf(attributes.kind, "kind", ["normal", "test"]);
  if (create) check.oneOf(attributes.status, "status", ["started", "in_triage"]);
  check.text(attributes.title, "title", 255);
  check.optionalText(attributes.summary, "summary", 10_000);
  check.that(attributes.url === undefined || isHttpUrl(attributes.url), "url is no link");
  const labels = isObject(attributes.labels) ? Object.entries(attributes.labels) : [];
  check.that(labels.length <= 20, "labels: more than 20");
  for (const [name, value] of labels) {
    check.that(typeof value === "string" && !value.includes(" "), `labels: ${name} has blanks`);
  }
};

const checkAlert = (check: Checker, attributes: JsonObject, create: boolean): void => {
  if (create) check.oneOf(attributes.source, "source", ["alertmanager", "generic_webhook", "manual"]);
  if (create) check.oneOf(attributes.status, "status", ["open", "triggered"]);
  check.oneOf(attributes.noise, "noise", ["noise", "not_noise"]);
  check.text(attributes.summary, "summary", 255);
  check.that(attributes.external_url === undefined || isHttpUrl(attributes.external_url), "external_url is no link");
  for (const label of check.list(attributes.labels, "labels", 50)) {
    check.that(
      isObject(label) && typeof label.key === "string" && typeof label.value === "string",
      "labels: no key and value",
    );
  }
};

/** The API under `/v1` with one API key. */
export const createRootly = (apiKey: string): RootlyProvider => {
  const records: RootlyRecord[] = [];

  const answer = (status: number, record: RootlyRecord): SinkAnswer => ({
    ...jsonAnswer(status, { data: { id: record.id, type: record.kind, attributes: record.attributes } }),
    headers: { "content-type": "application/vnd.api+json", "ratelimit-limit": "3000", "ratelimit-remaining": "2999" },
  });

  const write = (kind: RootlyRecord["kind"], id: string | undefined, attributes: JsonObject): SinkAnswer => {
    const check = createChecker();
    check.onlyKeys(attributes, kind, ATTRIBUTES[kind]);
    (kind === "incidents" ? checkIncident : checkAlert)(check, attributes, id === undefined);
    if (check.complaints.length > 0) return problem(422, "Unprocessable", check.complaints);
    if (id === undefined) {
      const same =
        kind === "alerts" &&
        records.find((one) => !one.resolved && one.attributes.deduplication_key === attributes.deduplication_key);
      if (same) return answer(201, same);
      const record = { id: `rootly-${records.length + 1}`, kind, attributes, updates: 0, resolved: false };
      records.push(record);
      return answer(201, record);
    }
    const record = records.find((one) => one.id === id && one.kind === kind);
    if (record === undefined) return problem(404, "Not found");
    record.attributes = { ...record.attributes, ...attributes };
    record.updates++;
    return answer(200, record);
  };

  const resolve = (kind: RootlyRecord["kind"], id: string, attributes: JsonObject): SinkAnswer => {
    const check = createChecker();
    check.onlyKeys(attributes, "resolve", ["resolution_message", "resolve_related_incidents"]);
    check.optionalText(attributes.resolution_message, "resolution_message", 1000);
    if (check.complaints.length > 0) return problem(422, "Unprocessable", check.complaints);
    const record = records.find((one) => one.id === id && one.kind === kind);
    if (record === undefined) return problem(404, "Not found");
    if (record.resolved) return problem(409, "Already resolved");
    record.resolved = true;
    return answer(200, record);
  };

  const route = (request: SinkRequest, attributes: JsonObject, type: unknown): SinkAnswer => {
    const [, kindText, id, verb] =
      /^\/v1\/(incidents|alerts)(?:\/([^/]+))?(?:\/(resolve))?$/.exec(pathOf(request)) ?? [];
    if (kindText !== "incidents" && kindText !== "alerts") return problem(404, "Not found");
    if (type !== kindText) return problem(422, "Unprocessable", [`type is not ${kindText}`]);
    const expected = {
      create: "POST",
      update: kindText === "incidents" ? "PUT" : "PATCH",
      resolve: kindText === "incidents" ? "PUT" : "POST",
    };
    const call = verb === undefined ? (id === undefined ? "create" : "update") : "resolve";
    if (request.method !== expected[call]) return problem(404, "Not found");
    return call === "resolve" && id !== undefined ? resolve(kindText, id, attributes) : write(kindText, id, attributes);
  };

  return {
    name: "rootly",
    records,
    remove: (id) => {
      records.splice(
        records.findIndex((one) => one.id === id),
        1,
      );
    },
    handle: (request) => {
      if (request.headers.authorization !== `Bearer ${apiKey}`) return problem(401, "Unauthorized");
      if (request.headers["content-type"] !== "application/vnd.api+json") return problem(415, "Unsupported media type");
      if (parseJson(request.body) === undefined) return problem(400, "Malformed JSON");
      const { data } = objectOf(request.body);
      if (!isObject(data) || !isObject(data.attributes))
        return problem(422, "Unprocessable", ["data.attributes is missing"]);
      return route(request, data.attributes, data.type);
    },
  };
};
