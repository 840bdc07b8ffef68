/** Reads `filter_config`, what a target lets through (contracts 7.5). Applying it is the filter stage's. */
import { RE2JS } from "re2js";
import { labelSeverity } from "../alert/severity.ts";
import type { TargetFilter } from "./target.ts";
import { type FieldReader, isJsonObject, type JsonObject, readFields } from "./target-fields.ts";

/** Longest regular expression a user may give (contracts 1.2). */
const MAX_PATTERN_CHARACTERS = 500;

const compiles = (pattern: string): boolean => {
  try {
    RE2JS.compile(`^(?:${pattern})$`);
    return pattern.length <= MAX_PATTERN_CHARACTERS;
  } catch {
    return false;
  }
};

/** The filter of a target; absent, it lets everything through. */
export const readFilter = (json: JsonObject, fields: FieldReader): TargetFilter => {
  const given = json.filter_config ?? {};
  if (!isJsonObject(given)) fields.refuse("invalid_value", "filter_config must be an object");
  const filter = readFields(isJsonObject(given) ? given : {}, "filter_config.");
  const severities = filter.list("severity").map((word) => {
    const severity = word.toLowerCase() === "noise" ? "noise" : labelSeverity({ severity: word });
    if (severity === null) filter.refuse("invalid_value", "filter_config.severity holds a word that is no severity");
    return severity ?? word;
  });
  const alertNamePattern = filter.text("alert_name_pattern");
  if (alertNamePattern !== null && !compiles(alertNamePattern)) {
    filter.refuse(
      "invalid_value",
      `filter_config.alert_name_pattern must be RE2 of at most ${MAX_PATTERN_CHARACTERS} characters`,
    );
  }
  const read: TargetFilter = {
    severity: [...new Set(severities)],
    namespaces: [...new Set(filter.list("namespaces"))],
    excludeNoise: filter.flag("exclude_noise", false),
    minConfidence: filter.number("min_confidence", null, { min: 0, max: 1, integer: false }),
    alertNamePattern,
  };
  const defect = filter.defect();
  if (defect !== null) fields.refuse(defect.reason, defect.detail);
  return read;
};
