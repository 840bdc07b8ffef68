/** Anything else that can POST: a list, `{"alerts":[…]}` or a single alert, with the field names people tend to use. */
import type { AlertStatus, Millis } from "../alert/alert.ts";
import { readTimeOrUnix } from "../alert/time.ts";
import { type Defect, ok, type Result } from "../result.ts";
import { type InputFormat, plainEnvelope } from "./format.ts";
import { arrayAt, hasAny, isObject, type JsonObject, pointer, scalarText } from "./json.ts";
import { ALERT_STATUS_WORDS, lookUpStatus, readStatus, type StatusWords } from "./status.ts";

const STATUS_WORDS: StatusWords<AlertStatus> = new Map([
  ...ALERT_STATUS_WORDS,
  ...["alerting", "active", "open", "triggered", "problem"].map((word) => [word, "firing"] as const),
  ...["ok", "normal", "closed", "inactive", "recovered"].map((word) => [word, "resolved"] as const),
]);

/** The name of a label or annotation → the top-level fields it is taken from, the first that has a value. */
type Fields = readonly (readonly [name: string, from: readonly string[]])[];
const NAME_FIELDS = ["alertname", "alert_name", "name", "title"];
const LABEL_FIELDS: Fields = [
  ["alertname", NAME_FIELDS],
  ...["severity", "namespace", "instance", "job", "service", "cluster", "environment", "team"].map(
    (name) => [name, [name]] as const,
  ),
];
const ANNOTATION_FIELDS: Fields = [
  ["description", ["description", "message"]],
  ["summary", ["summary"]],
  ["runbook_url", ["runbook_url"]],
];
/** A message beside a description is not lost: it is an annotation of its own. */
const MESSAGE_FIELDS: Fields = [["message", ["message"]]];

const read: InputFormat["read"] = (entry, path, _section, envelope) => {
  const status = readGenericStatus(entry, path);
  if (!status.ok) return status;
  const labels = entry.labels ?? {};
  const annotations = isObject(entry.annotations) ? entry.annotations : {};
  const described = fillIn(annotations, entry, ANNOTATION_FIELDS);
  const draft = {
    annotations: hasValue(entry.description) ? fillIn(described, entry, MESSAGE_FIELDS) : described,
    status: status.value ?? envelope.status,
    startsAt: firstTime(entry, ["startsAt", "starts_at", "timestamp"]),
    endsAt: firstTime(entry, ["endsAt", "ends_at"]),
    generatorURL: entry.generatorURL,
    fingerprint: entry.fingerprint,
  };
  if (!isObject(labels)) return ok({ ...draft, labels });
  const labelPath = (name: string): string => {
    const field = hasValue(labels[name]) ? undefined : sourceField(entry, LABEL_FIELDS, name);
    return field === undefined ? pointer(`${path}/labels`, name) : pointer(path, field);
  };
  return ok({ ...draft, labels: fillIn(labels, entry, LABEL_FIELDS), labelPath });
};

/** `status`, or a `state` whose word is known: some senders use that field for something else. */
const readGenericStatus = (entry: JsonObject, path: string): Result<AlertStatus | null, Defect> => {
  const status = readStatus(entry, "status", STATUS_WORDS, path);
  return status.ok && status.value === null ? ok(lookUpStatus(entry.state, STATUS_WORDS)) : status;
};

/** `own` and, for each name it has no value for, the first top-level field that has one. */
const fillIn = (own: JsonObject, entry: JsonObject, fields: Fields): JsonObject => {
  const missing = fields.flatMap(([name, from]): (readonly [string, unknown])[] => {
    if (Object.hasOwn(own, name) && hasValue(own[name])) return [];
    const field = from.find((candidate) => hasValue(entry[candidate]));
    return field === undefined ? [] : [[name, entry[field]]];
  });
  return missing.length === 0 ? own : { ...own, ...Object.fromEntries(missing) };
};

const sourceField = (entry: JsonObject, fields: Fields, name: string): string | undefined =>
  fields.find(([known]) => known === name)?.[1].find((candidate) => hasValue(entry[candidate]));

/** Objects and arrays at top level are details of the sender's, no labels. */
const hasValue = (value: unknown): boolean => value !== "" && scalarText(value) !== null;

const firstTime = (entry: JsonObject, fields: readonly string[]): Millis | null => {
  for (const field of fields) {
    const time = readTimeOrUnix(entry[field]);
    if (time !== null) return time;
  }
  return null;
};

export const genericList: InputFormat = {
  name: "generic",
  detects: (body) => Array.isArray(body),
  open: (body) => plainEnvelope([{ entries: Array.isArray(body) ? body : [], pathOf: (position) => `/${position}` }]),
  read,
};

/** A status beside the list is a default for its alerts. */
export const genericWrapped: InputFormat = {
  name: "generic",
  detects: (body) => arrayAt(body, "alerts") !== null,
  open: (body) =>
    plainEnvelope(
      [{ entries: arrayAt(body, "alerts") ?? [], pathOf: (position) => `/alerts/${position}` }],
      isObject(body) ? lookUpStatus(body.status, STATUS_WORDS) : null,
    ),
  read,
};

export const genericSingle: InputFormat = {
  name: "generic",
  detects: (body) => isObject(body) && (isObject(body.labels) || hasAny(body, NAME_FIELDS)),
  open: (body) => plainEnvelope([{ entries: [body], pathOf: () => "" }]),
  read,
};
