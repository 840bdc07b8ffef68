/** Annotations, and other maps that only describe: whatever is wrong with them is repaired or left out, never refused. */
import type { Labels } from "../alert/alert.ts";
import { cutText, isObject, scalarText } from "./json.ts";
import {
  MAX_ANNOTATION_CHARACTERS,
  MAX_ANNOTATIONS,
  MAX_ANNOTATIONS_UNITS,
  MAX_LABEL_NAME_CHARACTERS,
} from "./limits.ts";

/**
 * Scalars become strings, long values are cut, half characters become U+FFFD. Left out: null, numbers that are not
 * finite, `__proto__`, names no label could have, and whatever comes after the limits for one alert. Arrays and objects are
 * kept as JSON text, so they must not be nested deeper than decodeBody lets through.
 */
export const readAnnotations = (raw: unknown): Labels => {
  if (!isObject(raw)) return {};
  return isClean(raw) ? raw : repair(raw);
};

/** True when nothing needs repair, which is so for almost every alert; then no copy is made. */
const isClean = (raw: Readonly<Record<string, unknown>>): raw is Labels => {
  const names = Object.keys(raw);
  let units = 0;
  for (const name of names) {
    const value = raw[name];
    if (typeof value !== "string" || value.length > MAX_ANNOTATION_CHARACTERS || !value.isWellFormed()) return false;
    if (!isUsableName(name)) return false;
    units += name.length + value.length;
  }
  return names.length <= MAX_ANNOTATIONS && units <= MAX_ANNOTATIONS_UNITS;
};

const isUsableName = (name: string): boolean =>
  name !== "" && name !== "__proto__" && name.length <= MAX_LABEL_NAME_CHARACTERS && name.isWellFormed();

const repair = (raw: Readonly<Record<string, unknown>>): Labels => {
  const kept: [string, string][] = [];
  let units = 0;
  for (const [name, value] of Object.entries(raw)) {
    const text = annotationText(value);
    if (text === null || !isUsableName(name)) continue;
    const cut = cutText(text, MAX_ANNOTATION_CHARACTERS).toWellFormed();
    if (kept.length === MAX_ANNOTATIONS || units + name.length + cut.length > MAX_ANNOTATIONS_UNITS) break;
    units += name.length + cut.length;
    kept.push([name, cut]);
  }
  return Object.fromEntries(kept);
};

const annotationText = (value: unknown): string | null =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : scalarText(value);
