/** What the rule sets share: reading a body, and collecting every complaint about it instead of only the first. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export const parseJson = (body: string): Json | undefined => {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
};

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** JSON text as an object; an empty one where it is none. */
export const objectOf = (body: string): JsonObject => {
  const value = parseJson(body);
  return isObject(value) ? value : {};
};

export interface Checker {
  readonly complaints: string[];
  /** A text of at least `min` and at most `max` characters, counted as the strictest reading does. */
  readonly text: (value: Json | undefined, name: string, max: number, min?: number) => void;
  readonly optionalText: (value: Json | undefined, name: string, max: number) => void;
  readonly oneOf: (value: Json | undefined, name: string, allowed: readonly string[]) => void;
  readonly list: (value: Json | undefined, name: string, max: number) => readonly Json[];
  readonly onlyKeys: (value: JsonObject, name: string, allowed: readonly string[]) => void;
  readonly that: (condition: boolean, complaint: string) => void;
}

const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export const createChecker = (): Checker => {
  const complaints: string[] = [];
  const that = (condition: boolean, complaint: string): void => {
    if (!condition) complaints.push(complaint);
  };
  const text: Checker["text"] = (value, name, max, min = 1) => {
    if (typeof value !== "string") {
      that(false, `${name} is no text`);
      return;
    }
    that(value.trim().length >= min, `${name} is empty`);
    that(value.length <= max, `${name} has ${value.length} of ${max} characters`);
    that(!HALF_PAIR.test(value), `${name} holds half a character`);
  };
  return {
    complaints,
    that,
    text,
    optionalText: (value, name, max) => {
      if (value !== undefined) text(value, name, max, 0);
    },
    oneOf: (value, name, allowed) =>
      that(typeof value === "string" && allowed.includes(value), `${name} is not one of ${allowed.join(", ")}`),
    list: (value, name, max) => {
      if (value === undefined) return [];
      if (!isList(value)) {
        that(false, `${name} is no list`);
        return [];
      }
      that(value.length <= max, `${name} has ${value.length} of ${max} entries`);
      return value;
    },
    onlyKeys: (value, name, allowed) => {
      for (const key of Object.keys(value)) that(allowed.includes(key), `${name} does not know ${key}`);
    },
  };
};

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export const isHttpUrl = (value: Json | undefined): boolean =>
  typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
