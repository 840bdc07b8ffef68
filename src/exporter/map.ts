/**
 * A labelled Secret becomes a target (contracts 9.3): the base is `config`, else `target.json`, else flat keys; the others
 * only fill gaps, labels last. Pure; what it says of a Secret names keys and never holds a value.
 */
import { err, ok, type Result } from "../core/result.ts";
import type { TargetDefect } from "../core/route/target.ts";
import {
  MAX_TARGET_BYTES,
  type ReadTarget,
  readTargetWithWarnings,
  type TargetReadOptions,
} from "../core/route/target-read.ts";
import {
  byPrecedence,
  isObjectField,
  LABEL_FIELDS,
  normalizeKey,
  OBJECT_FIELDS,
  type ObjectField,
  placeOf,
} from "./map-keys.ts";
import { type JsonObject, objectOf, readObject } from "./map-text.ts";
import type { SecretRecord } from "./secret.ts";

/** One form of the definition: its fields, those that are objects item by item. */
interface Layer {
  readonly name: string;
  readonly fields: Map<string, unknown>;
  readonly items: ReadonlyMap<ObjectField, Map<string, unknown>>;
}

/** Keys that all state the Authorization: the base states it alone, or a gap filled would overrule it. */
const AUTHORIZATION_FIELDS = ["auth_header", "api_key", "auth_token", "token", "username", "password"];
const JSON_KEYS = ["config", "target.json"];

const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === "object" || typeof b === "object"
    ? JSON.stringify(a) === JSON.stringify(b)
    : String(a).trim() === String(b).trim();

/** Header names have no case; every other item name has. */
const itemKey = (field: ObjectField, item: string): string => (field === "headers" ? item.toLowerCase() : item);

const emptyLayer = (name: string): Layer => ({
  name,
  fields: new Map(),
  items: new Map(OBJECT_FIELDS.map((field) => [field, new Map<string, unknown>()])),
});

const findItem = (layer: Layer, field: ObjectField, item: string): readonly [string, unknown] | undefined =>
  [...(layer.items.get(field) ?? [])].find(([name]) => itemKey(field, name) === itemKey(field, item));

/** Fills the gaps of `base` with `layer`; what both have and differs stays as in `base`, with a warning. */
const fillGaps = (base: Layer, layer: Layer, warn: (text: string) => void): void => {
  const conflict = (field: string): void => warn(`${field} of ${layer.name} differs and is ignored`);
  const stated = AUTHORIZATION_FIELDS.filter((field) => base.fields.has(field));
  const isStated = findItem(base, "headers", "authorization") !== undefined || stated.length > 0;
  const isHalfBasic = stated.length === 1 && ["username", "password"].includes(stated[0] ?? "");
  const overrules = (field: string): boolean =>
    isStated && AUTHORIZATION_FIELDS.includes(field) && !(isHalfBasic && ["username", "password"].includes(field));

  for (const [field, value] of layer.fields) {
    if (base.fields.has(field) ? !isSame(base.fields.get(field), value) : overrules(field)) conflict(field);
    else base.fields.set(field, value);
  }
  for (const [field, items] of layer.items) {
    for (const [item, value] of items) {
      const found = findItem(base, field, item);
      const isNew =
        found === undefined && !(field === "headers" && itemKey(field, item) === "authorization" && isStated);
      if (isNew) base.items.get(field)?.set(item, value);
      else if (found === undefined || !isSame(found[1], value)) conflict(field);
    }
  }
};

/** Sorts keys and values into a layer; the reason where a value cannot be what its key says. */
const readLayer = (
  name: string,
  entries: readonly (readonly [string, unknown])[],
  warn: (text: string) => void,
): Result<Layer, TargetDefect> => {
  const layer = emptyLayer(name);
  const place = (field: string, item: string | null, value: unknown): void => {
    const single = emptyLayer(name);
    if (item === null || !isObjectField(field)) single.fields.set(field, value);
    else single.items.get(field)?.set(item, value);
    fillGaps(layer, single, warn);
  };
  // Several keys of one form may state the Authorization; which of them counts is for the target to decide.
  const stated = new Map<string, unknown>();
  for (const [key, value] of [...entries].sort(([a], [b]) => byPrecedence(a, b))) {
    if (value === undefined || value === null || (typeof value === "string" && value.trim() === "")) continue;
    const { field, item } = placeOf(key);
    if (item !== null || !isObjectField(field)) {
      if (!AUTHORIZATION_FIELDS.includes(field)) place(field, item, value);
      else if (!stated.has(field)) stated.set(field, value);
      else if (!isSame(stated.get(field), value)) warn(`${field} of ${name} differs and is ignored`);
      continue;
    }
    const object = objectOf(value);
    if (object === null) {
      const reason = field === "headers" ? "invalid_headers" : "invalid_json";
      return err({ reason, detail: `${field} must be a JSON object, lines or pairs` });
    }
    for (const [itemName, itemValue] of Object.entries(object)) {
      place(field, field === "filter_config" ? normalizeKey(itemName) : itemName, itemValue);
    }
  }
  for (const [field, value] of stated) layer.fields.set(field, value);
  return ok(layer);
};

const readLayers = (secret: SecretRecord, warn: (text: string) => void): Result<readonly Layer[], TargetDefect> => {
  const layers: Layer[] = [];
  const flat = [...secret.data].filter(([key]) => !JSON_KEYS.includes(key.toLowerCase()));
  for (const name of JSON_KEYS) {
    const [, text] = [...secret.data].find(([key]) => key.toLowerCase() === name) ?? [];
    if (text === undefined || text?.trim() === "") continue;
    const json = text === null ? null : readObject(text);
    if (json === null) return err({ reason: "invalid_json", detail: `${name} is not a JSON object` });
    const layer = readLayer(name, Object.entries(json), warn);
    if (!layer.ok) return layer;
    layers.push(layer.value);
  }
  const binary = flat.find(([, text]) => text === null)?.[0];
  if (binary !== undefined) return err({ reason: "invalid_value", detail: `${binary} is no UTF-8 text` });
  const fromLabels = LABEL_FIELDS.flatMap(([label, field]): (readonly [string, unknown])[] =>
    Object.hasOwn(secret.labels, label) ? [[field, secret.labels[label]]] : [],
  );
  for (const [name, entries] of [
    ["the flat keys", flat],
    ["the labels", fromLabels],
  ] as const) {
    const layer = readLayer(name, entries, warn);
    if (!layer.ok) return layer;
    layers.push(layer.value);
  }
  return ok(layers);
};

const toJson = (layer: Layer): JsonObject =>
  Object.fromEntries([
    ...layer.fields,
    ...[...layer.items]
      .filter(([, items]) => items.size > 0)
      .map(([field, items]) => [field, Object.fromEntries(items)] as const),
  ]);

/** The target a Secret defines, with what its author should know; or the reason of contracts 9.4 that it is none. */
export const mapSecret = (secret: SecretRecord, options: TargetReadOptions): Result<ReadTarget, TargetDefect> => {
  if (secret.bytes > MAX_TARGET_BYTES) {
    return err({ reason: "too_large", detail: `the Secret exceeds ${MAX_TARGET_BYTES} bytes` });
  }
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const layers = readLayers(secret, warn);
  if (!layers.ok) return layers;
  const base = emptyLayer("");
  for (const layer of layers.value) fillGaps(base, layer, warn);
  const json = toJson(base);
  const read = readTargetWithWarnings(Object.hasOwn(json, "name") ? json : { ...json, name: secret.name }, options);
  return read.ok ? ok({ target: read.value.target, warnings: [...warnings, ...read.value.warnings] }) : read;
};
