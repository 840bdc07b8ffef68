/** The label set of one alert, from whatever JSON stands there. A set that is right already is used as it is. */
import type { Labels } from "../alert/alert.ts";
import { type Defect, err, ok, type Result } from "../result.ts";
import { isObject, isTooLong, pointer, scalarText } from "./json.ts";
import { MAX_LABEL_NAME_CHARACTERS, MAX_LABEL_SET_UNITS, MAX_LABEL_VALUE_CHARACTERS, MAX_LABELS } from "./limits.ts";

/**
 * Scalars become strings, null and empty values are left out (contracts 3.2). The result may be empty: whether a source
 * adds labels is not known here. `path` is the set's place in the body; `pathOf` names the place of a single label
 * where that is not below `path`.
 */
export const readLabels = (
  raw: unknown,
  path: string,
  pathOf: (name: string) => string = (name) => pointer(path, name),
): Result<Labels, Defect> => {
  if (!isObject(raw)) return err({ path, message: "labels must be an object" });
  let count = 0;
  let units = 0;
  let asSent = true;
  for (const name of Object.keys(raw)) {
    const badName = judgeName(name);
    if (badName !== null) return err({ path: name === "__proto__" ? pathOf(name) : path, message: badName });
    const text = labelText(raw[name]);
    const badValue = text === null ? "must be a string, a finite number or a boolean" : judgeValue(text);
    if (text === null || badValue !== null) return err({ path: pathOf(name), message: badValue ?? "" });
    asSent &&= text === raw[name] && text !== "";
    if (text === "") continue;
    count++;
    units += name.length + text.length;
  }
  if (count > MAX_LABELS) return err({ path, message: `more than ${MAX_LABELS} labels` });
  if (units > MAX_LABEL_SET_UNITS)
    return err({ path, message: `the labels together are longer than ${MAX_LABEL_SET_UNITS} characters` });
  return ok(asSent ? (raw as Labels) : rebuild(raw));
};

const rebuild = (raw: Readonly<Record<string, unknown>>): Labels =>
  Object.fromEntries(
    Object.entries(raw)
      .map(([name, value]): [string, string] => [name, labelText(value) ?? ""])
      .filter(([, text]) => text !== ""),
  );

/** "" for what counts as missing, null for what is no label value. */
const labelText = (value: unknown): string | null =>
  typeof value === "string" ? value : value === null || value === undefined ? "" : scalarText(value);

const judgeName = (name: string): string | null => {
  if (name === "") return "a label name is empty";
  if (name === "__proto__") return "a label cannot have this name";
  if (isTooLong(name, MAX_LABEL_NAME_CHARACTERS)) {
    return `a label name is longer than ${MAX_LABEL_NAME_CHARACTERS} characters`;
  }
  if (!name.isWellFormed()) return "a label name holds half a character (a lone surrogate)";
  return name.includes("\0") ? "a label name holds a NUL character" : null;
};

const judgeValue = (text: string): string | null => {
  if (isTooLong(text, MAX_LABEL_VALUE_CHARACTERS)) return `is longer than ${MAX_LABEL_VALUE_CHARACTERS} characters`;
  if (!text.isWellFormed()) return "holds half a character (a lone surrogate)";
  return text.includes("\0") ? "holds a NUL character" : null;
};
