/**
 * List prices of common models, to say what classification costs before anybody has typed in what they really pay.
 * They change without notice: whoever shows one shows its date beside it.
 */

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** When the provider's list was read. */
  readonly asOf: string;
}

const WORKERS_AI = "2026-11-23";
const OPENAI = "2026-06";

const price = (asOf: string, input: number, output: number): Price => ({ asOf, input, output });

const PRICES: ReadonlyMap<string, Price> = new Map([
  ["@cf/meta/llama-3.1-8b-instruct", price(WORKERS_AI, 0.282, 0.827)],
  ["@cf/meta/llama-3.1-8b-instruct-fp8-fast", price(WORKERS_AI, 0.045, 0.384)],
  ["@cf/meta/llama-3.3-70b-instruct-fp8-fast", price(WORKERS_AI, 0.293, 2.253)],
  ["@cf/ibm-granite/granite-4.0-h-micro", price(WORKERS_AI, 0.017, 0.11)],
  ["gpt-4o", price(OPENAI, 2.5, 10)],
  ["gpt-4o-mini", price(OPENAI, 0.15, 0.6)],
  ["gpt-4.1", price(OPENAI, 2, 8)],
  ["gpt-4.1-mini", price(OPENAI, 0.4, 1.6)],
  ["gpt-4.1-nano", price(OPENAI, 0.1, 0.4)],
  ["gpt-5", price(OPENAI, 1.25, 10)],
  ["gpt-5-mini", price(OPENAI, 0.25, 2)],
  ["gpt-5-nano", price(OPENAI, 0.05, 0.4)],
]);

/** A snapshot of a model has its day in its name and costs the same. */
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/;

/** null: no price is known for a model of this name. */
export const priceOf = (model: string): Price | null => PRICES.get(model.replace(SNAPSHOT, "")) ?? null;

export interface Used {
  readonly model: string;
  readonly calls: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

export interface Spent {
  readonly usd: number;
  /** Questions it is the price of. */
  readonly calls: number;
  /** Models whose price nobody knows: what they were asked is not in it. */
  readonly unknown: readonly string[];
  /** The oldest list that went into it; null: none did. */
  readonly asOf: string | null;
}

/** What questions cost at the list, or at `own` for every model where somebody says what they pay. */
export const spentOn = (used: readonly Used[], own: Pick<Price, "input" | "output"> | null): Spent => {
  const asked = used.filter((one) => one.prompt_tokens + one.completion_tokens > 0);
  const priced = asked.flatMap((one) => {
    const listed = own === null ? priceOf(one.model) : null;
    const rate = own ?? listed;
    return rate === null ? [] : [{ one, rate, asOf: listed?.asOf ?? null }];
  });
  const known = new Set(priced.map(({ one }) => one));
  const dates = priced.flatMap(({ asOf }) => asOf ?? []);
  return {
    usd: priced.reduce(
      (sum, { one, rate }) => sum + (one.prompt_tokens * rate.input + one.completion_tokens * rate.output) / 1_000_000,
      0,
    ),
    calls: priced.reduce((sum, { one }) => sum + one.calls, 0),
    unknown: [...new Set(asked.filter((one) => !known.has(one)).map(({ model }) => model))],
    asOf: dates.toSorted()[0] ?? null,
  };
};
