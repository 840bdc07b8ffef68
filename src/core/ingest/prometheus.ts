/** What Prometheus' own pages and APIs show: a list of alerts, groups with alerts, and the answers of `/api/v1`. */
import type { AlertStatus } from "../alert/alert.ts";
import { readTime } from "../alert/time.ts";
import { ok } from "../result.ts";
import { type InputFormat, plainEnvelope, type Section } from "./format.ts";
import { arrayAt, isObject, type JsonObject, mergeUnder, pointer } from "./json.ts";
import { lookUpStatus, readStatus, type StatusWords } from "./status.ts";

const STATE_WORDS: StatusWords<AlertStatus | "pending"> = new Map([
  ["firing", "firing"],
  ["inactive", "resolved"],
  ["pending", "pending"],
]);

const read: InputFormat["read"] = (entry, path, section) => {
  const state = readStatus(entry, "state", STATE_WORDS, path);
  if (!state.ok) return state;
  const { under } = section;
  return ok({
    labels: under !== undefined && isObject(entry.labels) ? { ...under.labels, ...entry.labels } : entry.labels,
    labelPath: (name) => pointer(holdsLabel(entry, name) ? `${path}/labels` : (under?.path ?? `${path}/labels`), name),
    annotations: withValue(entry),
    status: state.value,
    startsAt: readTime(entry.activeAt) ?? readTime(entry.startsAt),
    endsAt: readTime(entry.endsAt),
    generatorURL: entry.generatorURL,
    fingerprint: entry.fingerprint,
  });
};

const holdsLabel = (entry: JsonObject, name: string): boolean =>
  isObject(entry.labels) && Object.hasOwn(entry.labels, name);

const withValue = (entry: JsonObject): unknown =>
  entry.value === undefined ? entry.annotations : mergeUnder({ __prometheus_value__: entry.value }, entry.annotations);

/** A bare list of alerts. */
export const prometheusV1: InputFormat = {
  name: "prometheus_v1",
  detects: (body) => {
    const first = Array.isArray(body) ? body.find(isObject) : undefined;
    return isObject(first) && isObject(first.labels) && lookUpStatus(first.state, STATE_WORDS) !== null;
  },
  open: (body) => plainEnvelope([listSection(Array.isArray(body) ? body : [], "")]),
  read,
};

/** The answers of `/api/v1/alerts` and `/api/v1/rules`. An alert that is missing in a later answer resolves nothing. */
export const prometheusApi: InputFormat = {
  name: "prometheus_api",
  detects: (body) => isObject(body) && apiSections(body).length > 0,
  open: (body) => plainEnvelope(apiSections(body)),
  read,
};

/** Groups that carry alerts; a group's labels stand under those of each alert. */
export const prometheusV2: InputFormat = {
  name: "prometheus_v2",
  detects: (body) => arrayAt(body, "groups")?.some((group) => arrayAt(group, "alerts") !== null) ?? false,
  open: (body) =>
    plainEnvelope(
      (arrayAt(body, "groups") ?? []).map((group, i) => {
        const section = listSection(arrayAt(group, "alerts") ?? [], `/groups/${i}/alerts`);
        const labels = isObject(group) ? group.labels : undefined;
        return isObject(labels) ? { ...section, under: { labels, path: `/groups/${i}/labels` } } : section;
      }),
    ),
  read,
};

const apiSections = (body: unknown): Section[] => {
  const data = isObject(body) ? body.data : undefined;
  const sections: Section[] = [];
  const add = (alerts: readonly unknown[] | null, path: string): void => {
    if (alerts !== null) sections.push(listSection(alerts, path));
  };
  add(arrayAt(data, "alerts"), "/data/alerts");
  arrayAt(data, "groups")?.forEach((group, i) => {
    arrayAt(group, "rules")?.forEach((rule, j) => {
      add(arrayAt(rule, "alerts"), `/data/groups/${i}/rules/${j}/alerts`);
    });
  });
  return sections;
};

const listSection = (entries: readonly unknown[], path: string): Section => ({
  entries,
  pathOf: (position) => `${path}/${position}`,
});

/** What Prometheus and other clients of Alertmanager's API post: neither status nor fingerprint (contracts 3.4). */
export const prometheusPost: Omit<InputFormat, "detects"> = {
  name: "prometheus",
  open: (body) => plainEnvelope([listSection(Array.isArray(body) ? body : [], "")]),
  read: (entry) =>
    ok({
      labels: entry.labels,
      annotations: entry.annotations,
      status: null,
      startsAt: readTime(entry.startsAt),
      endsAt: readTime(entry.endsAt),
      generatorURL: entry.generatorURL,
      fingerprint: null,
    }),
};
