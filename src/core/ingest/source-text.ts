/** How a JSON value found in a body becomes the text of a label or an annotation. */
import { scalarText } from "./json.ts";
import type { Budget } from "./source-limits.ts";

/**
 * A text, finite number or boolean as text; a list of those joined with commas; undefined where there is nothing (null,
 * an empty text or list); null for what is no text: an object, or a list with more than scalars in it.
 */
export const textOf = (value: unknown, budget: Budget): string | undefined | null => {
  if (!Array.isArray(value)) return oneText(value);
  if (!budget.spend(value.length)) return undefined;
  const texts = value.map(oneText);
  if (texts.includes(null)) return null;
  const joined = texts.filter((text) => text !== undefined).join(",");
  budget.spend(joined.length);
  return joined || undefined;
};

const oneText = (value: unknown): string | undefined | null =>
  value === null || value === undefined || value === "" ? undefined : scalarText(value);
