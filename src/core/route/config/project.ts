/**
 * The document as Alertmanager's own clients may read it: amtool loads it by Alertmanager's strict rules, so it holds
 * only what Alertmanager knows, and no secret.
 */
import { stringify } from "yaml";
import type { YamlNode } from "./node.ts";
import { type ScalarType, type Shape, settle } from "./shape.ts";
import { document } from "./shape-document.ts";
import { readFlag } from "./values.ts";

type Plain = string | number | bigint | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Older clients insist on a scheme in a webhook's URL, newer ones take both. */
const HIDDEN: Readonly<Partial<Record<ScalarType, string>>> = { secret: "<secret>", secretUrl: "<secret>" };
const HIDDEN_WEBHOOK = "http://<secret>";

const projectScalar = (text: string, type: ScalarType): Plain => {
  const hidden = HIDDEN[type];
  if (hidden !== undefined) return text === "" ? "" : hidden;
  if (type === "flag") return readFlag(text) ?? text;
  if (type === "int" && /^[-+]?\d+$/.test(text)) return BigInt(text);
  return type === "float" ? Number(text) : text;
};

/** A URL may carry a user and a password. */
const withoutUser = (text: string): string => text.replace(/^(\w+:\/\/)[^/@]*@/, "$1<secret>@");

const project = (node: YamlNode, shape: Shape, path: readonly string[]): Plain => {
  const settled = settle(shape);
  if (node.kind === "null") return null;
  if (node.kind === "text") {
    if (settled.kind !== "scalar") return node.text;
    if (settled.type === "secretUrl" && path.includes("webhook_configs") && node.text !== "") return HIDDEN_WEBHOOK;
    const plain = projectScalar(node.text, settled.type);
    return settled.type === "url" && typeof plain === "string" ? withoutUser(plain) : plain;
  }
  if (node.kind === "list") {
    const item = settled.kind === "list" ? settled.item : ({ kind: "any" } as const);
    return node.items.map((child) => project(child, item, path));
  }
  const shapeOf = (key: string): Shape | null => {
    if (settled.kind === "record") return settled.value;
    if (settled.kind !== "object") return { kind: "any" };
    return Object.hasOwn(settled.keys, key) ? (settled.keys[key] ?? null) : null;
  };
  const entries = [...node.entries].flatMap(([key, { value }]) => {
    const known = shapeOf(key);
    return known === null ? [] : [[key, project(value, known, [...path, key])] as const];
  });
  return Object.fromEntries(entries);
};

/** YAML with only the keys Alertmanager knows and `<secret>` for every secret. */
export const projectDocument = (root: YamlNode): string =>
  // Alertmanager reads YAML 1.1, where more words must be quoted to stay text.
  stringify(project(root, document, []), { version: "1.1", lineWidth: 0 });
