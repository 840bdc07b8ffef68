/**
 * YAML as a tree that knows where each value stands. Every scalar stays the text it was written as: what is a number, a
 * duration or a yes, only the field it stands in knows. Aliases and merge keys are resolved, within limits.
 */
import {
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  Scalar,
} from "yaml";
import { type Defect, err, ok, type Result } from "../../result.ts";

/** From 1, in characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
export interface ConfigDefect extends Defect, Position {}

interface Place extends Position {
  /** RFC 6901 JSON pointer into the document. */
  readonly path: string;
}
export interface TextNode extends Place {
  readonly kind: "text";
  readonly text: string;
  /** Written without quotes. */
  readonly isPlain: boolean;
  /** Where it begins and ends in the document. */
  readonly range: readonly [start: number, end: number];
}
export interface NullNode extends Place {
  readonly kind: "null";
}
export interface ListNode extends Place {
  readonly kind: "list";
  readonly items: readonly YamlNode[];
}
export interface MapNode extends Place {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, YamlEntry>;
}
export type YamlNode = TextNode | NullNode | ListNode | MapNode;
export interface YamlEntry {
  /** Where the key stands. */
  readonly key: Place;
  readonly value: YamlNode;
}

/** Largest document we take (contracts 8.1). */
const MAX_BYTES = 1_048_576;
/** Values after aliases are resolved; a document of 1 MiB has less of its own, a "billion laughs" more. */
const MAX_VALUES = 200_000;
/** The deepest known fields (`http_config` in a receiver in a list) need 10, 10 nested routes 22. */
const MAX_DEPTH = 60;

/** One misplaced blank can make an error of every line behind it. */
const MAX_SYNTAX_ERRORS = 20;
/** Deeper than anything we know, and what the library would work at for seconds. */
const RUN_OF_OPENINGS = /(?:[[{]\s*){100}|(?:[-?] +){100}/;

export const pointer = (path: string, key: string | number): string =>
  `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;

class Refusal extends Error {
  readonly place: Place;
  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

const isNullWord = (scalar: Scalar): boolean =>
  scalar.type === Scalar.PLAIN && /^(?:~|null|Null|NULL|)$/.test(scalar.source ?? "");

/** Turns the library's nodes into ours; throws a `Refusal` for what no document of ours may hold. */
const converter = (position: (offset: number) => Position, repeated: (key: Place) => void) => {
  const anchors = new Map<string, Node>();
  let count = 0;

  const convert = (given: Node | null, path: string, depth: number, fallback: Position): YamlNode => {
    const offset = given?.range?.[0];
    const place: Place = { path, ...(offset === undefined ? fallback : position(offset)) };
    if (++count > MAX_VALUES) throw new Refusal(place, `has more than ${MAX_VALUES} values once aliases are resolved`);
    if (depth > MAX_DEPTH) throw new Refusal(place, "is nested too deeply, or refers to itself");
    if (given === null) return { ...place, kind: "null" };
    if (isAlias(given)) {
      const anchored = anchors.get(given.source);
      if (anchored === undefined) throw new Refusal(place, `there is no anchor &${given.source} before this alias`);
      return { ...convert(anchored, path, depth + 1, place), line: place.line, column: place.column };
    }
    if ("anchor" in given && given.anchor !== undefined) anchors.set(given.anchor, given);
    if (isMap<Node, Node | null>(given)) return convertMap(given.items, place, depth);
    if (isSeq<Node>(given)) {
      const items = given.items.map((item, index) => convert(item, pointer(path, index), depth + 1, place));
      return { ...place, kind: "list", items };
    }
    if (!isScalar(given)) throw new Refusal(place, "is no value");
    if (isNullWord(given)) return { ...place, kind: "null" };
    const [start, end] = given.range ?? [0, 0];
    const isPlain = given.type === Scalar.PLAIN;
    return { ...place, kind: "text", text: String(given.value ?? ""), isPlain, range: [start, end] };
  };

  const convertMap = (
    pairs: readonly { readonly key: Node; readonly value: Node | null }[],
    place: Place,
    depth: number,
  ): MapNode => {
    const own = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    for (const pair of pairs) {
      const keyText = isScalar(pair.key) ? String(pair.key.value ?? "") : "";
      const key: Place = { path: pointer(place.path, keyText), ...position(pair.key.range?.[0] ?? 0) };
      if (keyText !== "<<") {
        if (own.has(keyText)) repeated(key);
        own.set(keyText, { key, value: convert(pair.value, key.path, depth + 1, key) });
        continue;
      }
      const value = convert(pair.value, place.path, depth + 1, key);
      for (const source of value.kind === "list" ? value.items : [value]) {
        if (source.kind !== "map") throw new Refusal(key, "only a map can be merged");
        for (const [name, entry] of source.entries) if (!merged.has(name)) merged.set(name, entry);
      }
    }
    return { ...place, kind: "map", entries: new Map([...merged, ...own]) };
  };
  return (root: ParsedNode | null): YamlNode => convert(root, "", 0, { line: 1, column: 1 });
};

/** What the library says to programmers, for authors. */
const WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  MULTIPLE_DOCS: "another document begins here: only one is taken",
  NON_STRING_KEY: "a key must be a text; a value that begins with { or [ must be in quotes",
};

/** The document as a tree, or every syntax error with its place. */
export const parseYaml = (text: string): Result<YamlNode, readonly ConfigDefect[]> => {
  const refuse = (message: string, place: Partial<Place> = {}): Result<never, readonly ConfigDefect[]> =>
    err([{ path: place.path ?? "", line: place.line ?? 1, column: place.column ?? 1, message }]);
  if (new TextEncoder().encode(text).length > MAX_BYTES) return refuse(`must not exceed ${MAX_BYTES} bytes`);
  if (RUN_OF_OPENINGS.test(text)) return refuse("is nested too deeply");
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = parseDocument(text, {
      schema: "failsafe",
      stringKeys: true,
      // The library compares every key with every other; with many thousand keys that takes minutes.
      uniqueKeys: false,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "error",
    });
    const [first] = document.errors;
    if (first?.message.includes("call stack")) return refuse("is nested too deeply");
    if (first !== undefined) {
      const errors = document.errors.slice(0, MAX_SYNTAX_ERRORS);
      return err(
        errors.map(({ code, message, pos }) => ({ path: "", message: WORDS[code] ?? message, ...position(pos[0]) })),
      );
    }
    const repeated: ConfigDefect[] = [];
    const root = converter(position, (key) => {
      if (repeated.length < MAX_SYNTAX_ERRORS) repeated.push({ ...key, message: "stands in this map twice" });
    })(document.contents);
    return repeated.length > 0 ? err(repeated) : ok(root);
  } catch (thrown) {
    if (thrown instanceof Refusal) return refuse(thrown.message, thrown.place);
    if (thrown instanceof RangeError) return refuse("is nested too deeply");
    throw thrown;
  }
};

const NUMBER = /^[-+]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** The value as JSON has it, for parts that others read. Numbers that JavaScript cannot hold stay text. */
export const toJson = (node: YamlNode): unknown => {
  if (node.kind === "null") return null;
  if (node.kind === "list") return node.items.map(toJson);
  if (node.kind === "map") {
    return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, toJson(value)]));
  }
  if (!node.isPlain) return node.text;
  if (/^(?:true|True|TRUE)$/.test(node.text)) return true;
  if (/^(?:false|False|FALSE)$/.test(node.text)) return false;
  const number = NUMBER.test(node.text) ? Number(node.text) : Number.NaN;
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : node.text;
};

/** Where the value at a JSON pointer stands; the nearest one above it where there is none. */
export const locate = (root: YamlNode, path: string): Position => {
  let node = root;
  let place: Position = root;
  for (const token of path.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (node.kind === "map") {
      const entry = node.entries.get(key);
      if (entry === undefined) break;
      place = entry.key;
      node = entry.value;
    } else if (node.kind === "list") {
      const item = node.items[Number(key)];
      if (item === undefined) break;
      place = item;
      node = item;
    } else break;
  }
  return { line: place.line, column: place.column };
};
