/** Holds a document against its shape: unknown keys and values of the wrong kind, each with its place. */
import { parseDuration } from "../../alert/duration.ts";
import type { MapNode, YamlNode } from "./node.ts";
import { type Report, unknownKey } from "./report.ts";
import { keyShape, type ScalarType, type Shape, settle } from "./shape.ts";
import { readFlag } from "./values.ts";

const GO_DURATION = /^[-+]?(?:0|\d+|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** What a scalar of this type must be, where not every text will do. */
const RULES: Readonly<Partial<Record<ScalarType, readonly [isValid: (text: string) => boolean, rule: string]>>> = {
  flag: [(text) => readFlag(text) !== null, "must be true or false"],
  int: [(text) => /^[-+]?\d+$/.test(text), "must be a whole number"],
  float: [(text) => /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text), "must be a number"],
  duration: [(text) => parseDuration(text) !== null, "must be a duration such as 30s, 5m or 1h30m"],
  goDuration: [(text) => GO_DURATION.test(text), "must be a duration such as 30s or 1.5s"],
};

const scalarDefect = (text: string, type: ScalarType): string | null => {
  const [isValid, rule] = RULES[type] ?? [];
  return isValid === undefined || isValid(text) ? null : (rule ?? null);
};

const isGiven = (node: YamlNode | undefined): boolean =>
  node !== undefined && node.kind !== "null" && (node.kind !== "text" || node.text !== "");

/** A value and a file to read it from: Alertmanager takes one of them. */
const checkFiles = (node: MapNode, report: Report): void => {
  for (const [name, { key, value }] of node.entries) {
    const plain = name.replace(/_file$/, "");
    if (plain !== name && isGiven(value) && isGiven(node.entries.get(plain)?.value)) {
      report.defect(key, `at most one of ${plain} and ${name} may be given`);
    }
  }
};

/** Reports everything in `node` that `shape` does not allow. An empty value is allowed everywhere, as in Alertmanager. */
export const checkShape = (node: YamlNode, shape: Shape, report: Report): void => {
  const settled = settle(shape);
  if (report.isFull()) return;
  if (node.kind === "null" || settled.kind === "any") return;
  if (settled.kind === "scalar") {
    const rule = node.kind === "text" ? scalarDefect(node.text, settled.type) : "must be a single value";
    if (rule !== null) report.defect(node, rule);
  } else if (settled.kind === "list") {
    if (node.kind !== "list") report.defect(node, "must be a list");
    for (const item of node.kind === "list" ? node.items : []) {
      if (item.kind === "null") report.defect(item, "must not be empty");
      checkShape(item, settled.item, report);
    }
  } else {
    if (node.kind !== "map") report.defect(node, "must be a map");
    else if (settled.kind === "object") checkFiles(node, report);
    for (const [name, { key, value }] of node.kind === "map" ? node.entries : []) {
      const valueShape = settled.kind === "record" ? settled.value : keyShape(settled, name);
      if (valueShape !== null) checkShape(value, valueShape, report);
      else if (settled.kind === "object" && !report.isFull()) {
        report.defect(key, unknownKey(name, [...Object.keys(settled.keys), ...Object.keys(settled.ours)]));
      }
    }
  }
};
