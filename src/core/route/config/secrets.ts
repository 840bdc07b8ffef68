/**
 * Secrets in the document: which values they are, how they leave it, and how they come back. What is stored and shown
 * holds `<secret:NAME>` instead; a person who edits such a text leaves those words alone, or writes a new value.
 */
import type { MapNode, TextNode, YamlNode } from "./node.ts";
import { pointer } from "./node.ts";
import { type Shape, settle } from "./shape.ts";
import { document, OWN_SECRETS } from "./shape-document.ts";

/** By name: a JSON pointer, with receivers by their name instead of their position, so that it survives a new order. */
export type Secrets = Readonly<Record<string, string>>;

const PLACEHOLDER = /^<secret:(.+)>$/s;
/** What Alertmanager shows instead of a secret; it says nothing about which one it was. */
const HIDDEN = "<secret>";

/** Also of a URL that is no secret, where a user and a password stand in it. */
const isSecret = (shape: Shape, text: string): boolean =>
  shape.kind === "scalar" &&
  (shape.type === "secret" ||
    shape.type === "secretUrl" ||
    (shape.type === "url" && (/^\w+:\/\/[^/?#]*@/.test(text) || PLACEHOLDER.test(text))));

/** The part of the name that a list item has: its own name where it has one. */
const itemName = (item: YamlNode, index: number): string | number => {
  const name = item.kind === "map" ? item.entries.get("name")?.value : undefined;
  return name?.kind === "text" && name.text !== "" ? name.text : index;
};

/** The tree with every secret value replaced by what `change` makes of it. */
const mapSecrets = (
  node: YamlNode,
  shape: Shape,
  name: string,
  change: (secret: TextNode, name: string) => TextNode,
): YamlNode => {
  const settled = settle(shape);
  if (node.kind === "text") return isSecret(settled, node.text) && node.text !== "" ? change(node, name) : node;
  if (node.kind === "list" && settled.kind === "list") {
    const items = node.items.map((item, index) =>
      mapSecrets(item, settled.item, pointer(name, itemName(item, index)), change),
    );
    return { ...node, items };
  }
  if (node.kind !== "map" || (settled.kind !== "record" && settled.kind !== "object")) return node;
  const shapeOf = (key: string): Shape | undefined => {
    if (settled.kind === "record") return settled.value;
    return Object.hasOwn(settled.keys, key) ? settled.keys[key] : undefined;
  };
  const entries = [...node.entries].map(([key, entry]) => {
    const known = shapeOf(key);
    const value = known === undefined ? entry.value : mapSecrets(entry.value, known, pointer(name, key), change);
    return [key, { ...entry, value }] as const;
  });
  return { ...node, entries: new Map(entries) };
};

const mapDocumentSecrets = (root: YamlNode, change: (secret: TextNode, name: string) => TextNode): YamlNode => {
  if (root.kind !== "map") return root;
  const known = mapSecrets(root, document, "", change) as MapNode;
  const entries = [...known.entries].map(([key, entry]) => {
    const own = Object.hasOwn(OWN_SECRETS, key) ? OWN_SECRETS[key] : undefined;
    const value = own === undefined ? entry.value : mapSecrets(entry.value, own, pointer("", key), change);
    return [key, { ...entry, value }] as const;
  });
  return { ...known, entries: new Map(entries) };
};

/** The document with secrets in place of their names; `missing` gets each one that is not there. */
export const resolveSecrets = (root: YamlNode, secrets: Secrets, missing: (secret: TextNode) => void): YamlNode =>
  mapDocumentSecrets(root, (node) => {
    const name = PLACEHOLDER.exec(node.text)?.[1];
    if (name === undefined && node.text !== HIDDEN) return node;
    if (name !== undefined && Object.hasOwn(secrets, name)) return { ...node, text: secrets[name] ?? "" };
    // It stays as it is, so that nobody reports it a second time as absent.
    missing(node);
    return node;
  });

export interface WithoutSecrets {
  /** The document as it was written, comments included, without a secret in it. */
  readonly text: string;
  /** The secrets that were in it. Names that were in it before are kept and not among these. */
  readonly secrets: Secrets;
}

/** Takes the secrets out of the text whose tree is `root`. */
export const takeSecrets = (text: string, root: YamlNode): WithoutSecrets => {
  const taken: [string, string][] = [];
  const cuts = new Map<number, { readonly end: number; readonly name: string }>();
  mapDocumentSecrets(root, (node, name) => {
    const [start, end] = node.range;
    // An alias repeats a value that stands in the text once.
    if (node.text === HIDDEN || PLACEHOLDER.test(node.text) || cuts.has(start)) return node;
    cuts.set(start, { end, name });
    taken.push([name, node.text]);
    return node;
  });
  let rest = text;
  for (const [start, { end, name }] of [...cuts].toSorted(([a], [b]) => b - a)) {
    const lineEnd = rest.slice(start, end).endsWith("\n") ? "\n" : "";
    rest = `${rest.slice(0, start)}${JSON.stringify(`<secret:${name}>`)}${lineEnd}${rest.slice(end)}`;
  }
  return { text: rest, secrets: Object.fromEntries(taken) };
};
