/**
 * Reads one integration of an Alertmanager receiver. It remembers which keys were used: every other one that is set is
 * reported, because our own format decides in its place.
 */
import type { JsonObject } from "../target-fields.ts";
import { translateGoTemplate } from "./go-template.ts";
import { LiquidText } from "./liquid-json.ts";
import type { YamlNode } from "./node.ts";
import type { Report } from "./report.ts";
import { entriesAt, flagAt, goSecondsAt, nodeAt, textNodeAt, wordAt } from "./values.ts";

/** What a target may wait for an answer. */
const MAX_TIMEOUT_SECONDS = 30;
/** Alertmanager's own texts: whoever writes them out wants the usual, which here is our format. */
const DEFAULT_TEMPLATE = /^\s*\{\{-?\s*template\s+"(?:__|\w+\.default\.)[\w.]*"\s+\.\s*-?\}\}\s*$/;

export interface Integration {
  readonly node: YamlNode;
  readonly report: Report;
  /** The value of a key that is no template and no secret. */
  readonly word: (key: string) => string | null;
  /** A secret of this integration, else the one of `global`. null: there is none, or it is in a file, which is reported. */
  readonly secret: (key: string, globalKey?: string) => string | null;
  /** True when the integration itself names the key, or a file for it. */
  readonly has: (key: string) => boolean;
  readonly global: (key: string) => string | null;
  /** A text in Go's template language; null: absent, Alertmanager's own, or (reported) not to be translated. */
  readonly template: (key: string) => LiquidText | null;
  readonly templateOf: (node: YamlNode) => LiquidText | null;
  /** Some template of it could not be translated. */
  readonly isUntranslated: () => boolean;
  readonly use: (...keys: readonly string[]) => void;
  /** What every target of an integration has. */
  readonly common: (sendResolvedByDefault: boolean) => JsonObject;
  /** Reports the keys that were set and not used. */
  readonly finish: () => void;
}

export const readIntegration = (node: YamlNode, global: YamlNode | null, report: Report): Integration => {
  const used = new Set<string>(["send_resolved", "http_config", "timeout"]);
  let untranslated = false;
  const use = (...keys: readonly string[]): void => {
    for (const key of keys) used.add(key);
  };
  const word = (key: string): string | null => {
    use(key);
    return wordAt(node, key);
  };
  const fromFile = (place: YamlNode | null, key: string): boolean => {
    const file = place === null ? null : textNodeAt(place, `${key}_file`);
    if (file === null || file.text === "") return false;
    report.warn(file, `names a file that only Alertmanager's own machine can read: write the value as ${key}`);
    return true;
  };
  const has = (key: string): boolean => wordAt(node, key) !== null || wordAt(node, `${key}_file`) !== null;
  const secret = (key: string, globalKey?: string): string | null => {
    use(key, `${key}_file`);
    const own = wordAt(node, key);
    if (own !== null || fromFile(node, key) || globalKey === undefined || global === null) return own;
    const shared = wordAt(global, globalKey);
    if (shared === null) fromFile(global, globalKey);
    return shared;
  };
  const templateOf = (place: YamlNode): LiquidText | null => {
    if (place.kind !== "text" || place.text === "" || DEFAULT_TEMPLATE.test(place.text)) return null;
    const translated = translateGoTemplate(place.text);
    if (translated.ok) return new LiquidText(translated.value);
    untranslated = true;
    report.warn(place, `cannot be translated, since it ${translated.error}: our own format is sent instead`);
    return null;
  };
  const template = (key: string): LiquidText | null => {
    use(key);
    const place = nodeAt(node, key);
    return place === null ? null : templateOf(place);
  };
  const common = (sendResolvedByDefault: boolean): JsonObject => {
    const timeout = goSecondsAt(node, "timeout");
    return {
      send_resolved: flagAt(node, "send_resolved") ?? sendResolvedByDefault,
      ...(timeout === null ? {} : { timeout_seconds: Math.min(MAX_TIMEOUT_SECONDS, Math.max(1, timeout)) }),
    };
  };
  const finish = (): void => {
    if (node.kind !== "map") return;
    for (const [key, { key: place, value }] of node.entries) {
      const isSet = value.kind === "text" ? value.text !== "" && flagAt(node, key) !== false : value.kind !== "null";
      if (isSet && !used.has(key)) report.warn(place, "is not taken over: our own format decides");
    }
  };
  return {
    node,
    report,
    word,
    secret,
    has,
    global: (key) => (global === null ? null : wordAt(global, key)),
    template,
    templateOf,
    isUntranslated: () => untranslated,
    use,
    common,
    finish,
  };
};

/** Whether the text is a Go template, which only texts of messages may be here. */
export const isTemplated = (text: string | null): boolean => text?.includes("{{") === true;

/** The entries of a map whose values are texts, in order. */
export const textEntries = (node: YamlNode, key: string): readonly (readonly [string, string])[] =>
  entriesAt(node, key).flatMap(([name, { value }]) => (value.kind === "text" ? [[name, value.text] as const] : []));
