/** JSON bodies with Liquid in their texts: what is text is escaped for JSON, what is Liquid stays as it is. */
import type { Segment } from "./go-template.ts";

/** A text that a template makes. */
export class LiquidText {
  readonly segments: readonly Segment[];
  constructor(segments: readonly Segment[]) {
    this.segments = segments;
  }
}

export type LiquidJson =
  | string
  | number
  | boolean
  | null
  | LiquidText
  | readonly LiquidJson[]
  | { readonly [key: string]: LiquidJson };

/** The source of a template whose output is this JSON. Plain texts must not hold Liquid. */
export const writeLiquidJson = (value: LiquidJson): string => {
  if (value instanceof LiquidText) {
    const inner = value.segments.map(({ kind, text }) => (kind === "tag" ? text : JSON.stringify(text).slice(1, -1)));
    return `"${inner.join("")}"`;
  }
  if (Array.isArray(value)) return `[${value.map(writeLiquidJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${writeLiquidJson(member)}`);
  return `{${members.join(",")}}`;
};
