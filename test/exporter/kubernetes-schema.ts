/**
 * Whether an object is what Kubernetes' own OpenAPI document says of its kind, as strictly as an API server with
 * `fieldValidation=Strict`: the client library's classes are generated from that document and carry each field with its
 * type; which fields must be there only its declarations say.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as models from "@kubernetes/client-node";

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}
const MODELS = join(dirname(createRequire(import.meta.url).resolve("@kubernetes/client-node")), "gen/models");

const attributesOf = (type: string): readonly Attribute[] | null => {
  const found = (models as Readonly<Record<string, unknown>>)[type] as
    | { readonly attributeTypeMap?: readonly Attribute[] }
    | undefined;
  return found?.attributeTypeMap ?? null;
};

const requiredOf = (type: string): readonly string[] =>
  [...readFileSync(join(MODELS, `${type}.d.ts`), "utf8").matchAll(/^ {4}'(\w+)': /gm)].map(([, name = ""]) => name);

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const SIMPLE: Readonly<Record<string, (value: unknown, format: string) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  number: (value, format) => typeof value === "number" && (!format.startsWith("int") || Number.isInteger(value)),
  IntOrString: (value) => typeof value === "string" || Number.isInteger(value),
  any: () => true,
};

const defectsOfValue = (value: unknown, type: string, format: string, path: string): readonly string[] => {
  const item = /^Array<(.*)>$/.exec(type)?.[1];
  if (item !== undefined) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((entry: unknown, index) => defectsOfValue(entry, item, format, `${path}[${index}]`));
  }
  const entry = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (entry !== undefined) {
    if (!isPlain(value)) return [`${path} is no map`];
    return Object.entries(value).flatMap(([key, one]) => defectsOfValue(one, entry, format, `${path}.${key}`));
  }
  const simple = SIMPLE[type];
  if (simple !== undefined) return simple(value, format) ? [] : [`${path} is no ${format || type}`];
  const attributes = attributesOf(type);
  if (attributes === null) return [`${path}: nothing is known of ${type}`];
  if (!isPlain(value)) return [`${path} is no object`];
  const known = new Map(attributes.map((attribute) => [attribute.baseName, attribute]));
  return [
    ...requiredOf(type)
      .filter((name) => value[name] === undefined)
      .map((name) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const attribute = known.get(name);
      return attribute === undefined
        ? [`${path}.${name} is unknown`]
        : defectsOfValue(one, attribute.type, attribute.format, `${path}.${name}`);
    }),
  ];
};

/** A sentence for each thing the schema of its kind does not allow. */
export const schemaDefects = (object: {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
}): readonly string[] => {
  const { apiVersion, kind } = object;
  if (!/^([a-z.0-9]+\/)?v1$/.test(String(apiVersion))) return [`apiVersion ${String(apiVersion)} is not known here`];
  return defectsOfValue(object, `V1${String(kind)}`, "", String(kind));
};
