/** Opsgenie's alert API: everything is accepted first, and what cannot be done fails quietly afterwards. */
import { createChecker, isObject, type JsonObject, objectOf, parseJson } from "./check.ts";
import { jsonAnswer, type Provider, pathOf, queryOf, type SinkAnswer } from "./sink.ts";

export interface OpsgenieAlert {
  readonly alias: string;
  message: string;
  description: string;
  priority: string;
  count: number;
  closed: boolean;
}

export interface OpsgenieProvider extends Provider {
  readonly alerts: readonly OpsgenieAlert[];
  /** Requests that were accepted and failed later, as the request status would tell. */
  readonly failedLater: readonly string[];
}

const complaintsAbout = (body: JsonObject, create: boolean): readonly string[] => {
  const check = createChecker();
  if (create) {
    check.onlyKeys(body, "alert", [
      "message",
      "alias",
      "description",
      "responders",
      "tags",
      "details",
      "entity",
      "source",
      "priority",
      "user",
      "note",
      "actions",
    ]);
    check.text(body.alias, "alias", 512);
    check.oneOf(body.priority, "priority", ["P1", "P2", "P3", "P4", "P5"]);
    for (const tag of check.list(body.tags, "tags", 20)) check.text(tag, "tag", 50);
    const details = isObject(body.details) ? Object.entries(body.details) : [];
    for (const [name, value] of details) check.that(typeof value === "string", `details.${name} is no text`);
    const size = details.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
    check.that(size <= 8000, `details have ${size} of 8000 characters`);
    check.optionalText(body.entity, "entity", 512);
    check.optionalText(body.source, "source", 100);
  }
  if (create || body.message !== undefined) check.text(body.message, "message", 130);
  check.optionalText(body.description, "description", 15_000);
  check.optionalText(body.note, "note", 25_000);
  return check.complaints;
};

/** The API under `/v2/alerts` with one integration key. */
export const createOpsgenie = (apiKey: string): OpsgenieProvider => {
  const alerts: OpsgenieAlert[] = [];
  const failedLater: string[] = [];
  const open = (alias: string): OpsgenieAlert | undefined => alerts.find((one) => one.alias === alias && !one.closed);
  const accepted = (): SinkAnswer =>
    jsonAnswer(202, {
      result: "Request will be processed",
      took: 0.1,
      requestId: `request-${alerts.length}-${failedLater.length}`,
    });

  const create = (body: JsonObject): void => {
    const existing = open(String(body.alias));
    if (existing) existing.count++;
    else {
      const { alias, message, description, priority } = body;
      alerts.push({
        alias: String(alias),
        message: String(message),
        description: String(description),
        priority: String(priority),
        count: 1,
        closed: false,
      });
    }
  };

  const change = (alias: string, verb: string, body: JsonObject): void => {
    const alert = open(alias);
    if (alert === undefined) failedLater.push(`${verb} ${alias}`);
    else if (verb === "close") alert.closed = true;
    else if (verb === "message") alert.message = String(body.message);
    else alert.description = String(body.description);
  };

  return {
    name: "opsgenie",
    alerts,
    failedLater,
    handle: (request) => {
      const [whole, alias, verb] =
        /^\/v2\/alerts(?:\/([^/]+)\/(close|message|description))?$/.exec(pathOf(request)) ?? [];
      if (whole === undefined) return jsonAnswer(404, { message: "Not found" });
      if (request.headers.authorization !== `GenieKey ${apiKey}`)
        return jsonAnswer(401, { message: "Key is not valid" });
      if (parseJson(request.body) === undefined) return jsonAnswer(400, { message: "Request body is not processable" });
      const changing = verb === "message" || verb === "description";
      if (request.method !== (changing ? "PUT" : "POST")) return jsonAnswer(405, { message: "Method not allowed" });
      if (verb !== undefined && queryOf(request).get("identifierType") !== "alias")
        return jsonAnswer(404, { message: "Alert not found" });
      const body = objectOf(request.body);
      const complaints = complaintsAbout(body, verb === undefined);
      if (complaints.length > 0) return jsonAnswer(422, { message: "Request body is not valid", errors: complaints });
      if (alias === undefined || verb === undefined) create(body);
      else change(decodeURIComponent(alias), verb, body);
      return accepted();
    },
  };
};
