/**
 * The `sources` block of the configuration: who sends, named by the token, and what is done to its alerts before they
 * get their fingerprint. Checked and compiled once; applying it is source-apply.ts.
 */
import * as z from "zod";
import { type Defect, err, ok, type Result } from "../result.ts";
import { pointer } from "./json.ts";
import { MAX_LABEL_NAME_CHARACTERS, MAX_LABELS } from "./limits.ts";
import { compileRelabel, type RelabelRule, relabelSchema } from "./relabel-rule.ts";
import { MAX_RULES, MAX_RULES_IN_ALL, MAX_SOURCES, MAX_TEXT_LENGTH } from "./source-limits.ts";
import { compileMap, mapSchema, type SourceMap } from "./source-map.ts";
import { compileValidation, type ValidationRule, validationSchema } from "./validate.ts";

const labelName = z.string().min(1).max(MAX_LABEL_NAME_CHARACTERS);
const labelText = z.union([z.string().max(MAX_TEXT_LENGTH), z.number(), z.boolean()]).transform(String);

export const sourceSchema = z
  .strictObject({
    /** A DNS label (RFC 1123): the name stands in tokens, metrics and addresses. */
    name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
      error: "must be 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
    }),
    /** `auto`: the body is of a known format (contracts 3.1); `mapped`: `map` says how to read it. */
    format: z.enum(["auto", "mapped"]).optional(),
    drop_labels: z.array(labelName).max(MAX_LABELS).default([]),
    add_labels: z.record(labelName, labelText).default({}),
    map: mapSchema.optional(),
    alert_relabel_configs: z.array(relabelSchema).max(MAX_RULES).default([]),
    validate: z.array(validationSchema).max(MAX_RULES).default([]),
  })
  .refine((source) => source.format !== "mapped" || source.map !== undefined, {
    path: ["map"],
    error: "the format mapped needs a map",
  })
  .refine((source) => source.format !== "auto" || source.map === undefined, {
    path: ["map"],
    error: "the format auto takes no map",
  });
export type SourceDefinition = z.infer<typeof sourceSchema>;

export interface Source {
  readonly name: string;
  /** null: the body is of a known format. */
  readonly map: SourceMap | null;
  readonly dropLabels: readonly string[];
  readonly addLabels: ReadonlyMap<string, string>;
  readonly relabelRules: readonly RelabelRule[];
  readonly validationRules: readonly ValidationRule[];
}

/** A compiled source, or all its defects, with paths relative to the source. */
export const compileSource = (definition: SourceDefinition): Result<Source, readonly Defect[]> => {
  const defects: Defect[] = [];
  const under = (base: string) => (defect: Defect) => ({ ...defect, path: base + defect.path });
  const compileAll = <D, T>(
    path: string,
    definitions: readonly D[],
    compile: (one: D) => Result<T, Defect>,
  ): readonly T[] =>
    definitions.flatMap((one, index) => {
      const compiled = compile(one);
      if (compiled.ok) return [compiled.value];
      defects.push(under(`${path}/${index}`)(compiled.error));
      return [];
    });
  const map = definition.map && compileMap(definition.map);
  if (map && !map.ok) defects.push(...map.error.map(under("/map")));
  const relabelRules = compileAll("/alert_relabel_configs", definition.alert_relabel_configs, compileRelabel);
  const validationRules = compileAll("/validate", definition.validate, compileValidation);
  if (defects.length > 0) return err(defects);
  return ok({
    name: definition.name,
    map: map?.ok ? map.value : null,
    dropLabels: definition.drop_labels,
    addLabels: new Map(Object.entries(definition.add_labels)),
    relabelRules,
    validationRules,
  });
};

/** zod's issues as defects; each unknown key gets its own. */
const defectsOf = (issues: readonly z.core.$ZodIssue[]): readonly Defect[] =>
  issues.flatMap((issue) => {
    const path = issue.path.reduce<string>((base, key) => pointer(base, String(key)), "");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: pointer(path, key), message: "is not a known field" }));
  });

/** The compiled sources of a configuration, or every defect of the block, with paths relative to it. */
export const readSources = (json: unknown): Result<readonly Source[], readonly Defect[]> => {
  const read = z.array(sourceSchema).max(MAX_SOURCES).safeParse(json);
  if (!read.success) return err(defectsOf(read.error.issues));
  const rules = read.data.flatMap((source) => [...source.alert_relabel_configs, ...source.validate]).length;
  if (rules > MAX_RULES_IN_ALL) return err([{ path: "", message: `holds more than ${MAX_RULES_IN_ALL} rules in all` }]);
  const defects: Defect[] = [];
  const sources = new Map<string, Source>();
  for (const [index, definition] of read.data.entries()) {
    const compiled = compileSource(definition);
    if (!compiled.ok) defects.push(...compiled.error.map((one) => ({ ...one, path: `/${index}${one.path}` })));
    else if (sources.has(definition.name))
      defects.push({ path: `/${index}/name`, message: "another source has this name" });
    else sources.set(definition.name, compiled.value);
  }
  return defects.length > 0 ? err(defects) : ok([...sources.values()]);
};
