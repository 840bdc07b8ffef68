/**
 * Label selectors in Kubernetes' own syntax. The API server selects by them; we ask again of all that arrives, and files
 * have nobody else to ask. A selector that could match an unlabelled Secret is refused.
 */
import { err, ok, type Result } from "../core/result.ts";

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  /** As written, for the API server. */
  readonly text: string;
  /** Labels it demands; a text without them holds no Secret that matches. */
  readonly keys: readonly string[];
  readonly matches: (labels: Labels) => boolean;
}

interface Requirement {
  readonly key: string;
  /** It only holds where the label is there. */
  readonly isPositive: boolean;
  readonly matches: (labels: Labels) => boolean;
}

const KEY = "(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
const VALUE = "(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?";
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`);
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(\\s*(${VALUE}(?:\\s*,\\s*${VALUE})*)\\s*\\)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

const labelValue = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

const readRequirement = (text: string): Requirement | null => {
  const [, key = "", operator = "", value = ""] = EQUALITY.exec(text) ?? SET.exec(text) ?? [];
  if (operator !== "") {
    const values = operator.endsWith("in") ? value.split(",").map((item) => item.trim()) : [value];
    const isPositive = operator !== "!=" && operator !== "notin";
    return {
      key,
      isPositive,
      matches: (labels) => {
        const found = labelValue(labels, key);
        return (found !== undefined && values.includes(found)) === isPositive;
      },
    };
  }
  const [, not = "", name] = EXISTS.exec(text) ?? [];
  if (name === undefined) return null;
  const isPositive = not === "";
  return { key: name, isPositive, matches: (labels) => (labelValue(labels, name) !== undefined) === isPositive };
};

/** A selector, or why it is none. At least one requirement must demand a label, so nothing unlabelled ever matches. */
export const readSelector = (text: string): Result<Selector, string> => {
  // A comma inside parentheses belongs to a set.
  const parts = text.trim() === "" ? [] : text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const requirements = parts.map(readRequirement);
  const known = requirements.filter((requirement) => requirement !== null);
  if (known.length === 0 || known.length < requirements.length) return err("is not a label selector");
  const keys = known.filter((requirement) => requirement.isPositive).map((requirement) => requirement.key);
  if (keys.length === 0) return err("would match Secrets without a label");
  return ok({
    text: text.trim(),
    keys,
    matches: (labels) => known.every((requirement) => requirement.matches(labels)),
  });
};
