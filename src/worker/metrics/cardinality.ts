/** How many series there may be: a label whose values nobody bounds gets a fixed number of them, and `other` for the rest. */

interface Cap {
  readonly label: string;
  /** Values with series of their own, first come, first served. */
  readonly max: number;
  readonly applies: (series: string) => boolean;
}

/** A longer value is no name somebody would look for, and every series is kept whole. */
const MAX_VALUE_CHARS = 200;

const CAPS: readonly Cap[] = [
  // contracts 14
  { label: "alertname", max: 500, applies: () => true },
  // 29 series per target, where all else of a target is a handful; there may be 1 000 targets.
  { label: "target", max: 100, applies: (series) => /^\w+_duration_seconds_(?:bucket|sum|count)\{/.test(series) },
];

const labelOf = (series: string, label: string): string | null =>
  new RegExp(`[{,]${label}="((?:[^"\\\\]|\\\\.)*)"`).exec(series)?.[1] ?? null;

export class Cardinality {
  readonly #values = new Map(CAPS.map(({ label }) => [label, new Set<string>()]));

  /** The series that is counted in its stead, and which label was folded; null: it stays as it is. */
  fold(series: string): { readonly into: string; readonly label: string } | null {
    for (const { label, max, applies } of CAPS) {
      const value = labelOf(series, label);
      const known = this.#values.get(label);
      if (value === null || known === undefined || known.has(value) || !applies(series)) continue;
      if (known.size < max && value.length <= MAX_VALUE_CHARS) known.add(value);
      else if (value !== "other") return { into: series.replace(`${label}="${value}"`, `${label}="other"`), label };
    }
    return null;
  }

  /** Makes room for another target. */
  forgetTarget(name: string): void {
    this.#values.get("target")?.delete(name);
  }
}

/** The target a series belongs to alone; null where it belongs to none or to several. */
export const targetOf = (series: string): string | null => {
  const target = labelOf(series, "target");
  return target === "other" ? null : target;
};
