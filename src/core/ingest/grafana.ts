/** Grafana's webhook contact point (targets 14): Alertmanager's body with version 1 and links and values per alert. */
import { ok } from "../result.ts";
import { isVersion, openGroup, readGroupAlert } from "./alertmanager.ts";
import type { InputFormat } from "./format.ts";
import { hasAny, isObject, type JsonObject, mergeUnder } from "./json.ts";
import { ALERT_STATUS_WORDS, readStatus } from "./status.ts";

/** Fields of an alert that become annotations of these names. */
const ANNOTATIONS = [
  ["silenceURL", "silence_url"],
  ["dashboardURL", "dashboard_url"],
  ["panelURL", "panel_url"],
  ["imageURL", "image_url"],
  ["values", "grafana_values"],
  ["valueString", "value_string"],
] as const;

export const grafana: InputFormat = {
  name: "grafana",
  detects: (body) =>
    isObject(body) && hasAny(body, ["alerts"]) && isVersion(body, "1") && hasAny(body, ["orgId", "title", "state"]),
  open: (body) => openGroup(body),
  read: (entry, path, _section, envelope) => {
    const status = readStatus(entry, "status", ALERT_STATUS_WORDS, path);
    if (!status.ok) return status;
    const draft = readGroupAlert(entry, status.value, envelope);
    return ok({ ...draft, annotations: mergeUnder(linksAndValues(entry), draft.annotations) });
  },
};

/** Only what says something: Grafana writes an empty text for a link it does not have. `values` becomes JSON text. */
const linksAndValues = (entry: JsonObject): JsonObject =>
  Object.fromEntries(
    ANNOTATIONS.map(([field, name]) => [name, entry[field]] as const).filter(
      ([, value]) => value !== "" && value != null,
    ),
  );
