/** What the questions of a range cost, at prices that whoever pays them types in; they stay in this browser. */
import { numberSetting } from "./settings.ts";
import type { ReportView } from "./types.ts";

/** USD per million tokens. */
const priceIn = numberSetting("price-in");
const priceOut = numberSetting("price-out");

interface PriceProps {
  readonly title: string;
  readonly of: typeof priceIn;
}

const Price = ({ title, of }: PriceProps) => (
  <label>
    {title}
    <input
      type="number"
      min="0"
      step="0.01"
      value={of.value ?? ""}
      onInput={(event) => {
        const value = event.currentTarget.valueAsNumber;
        of.value = Number.isFinite(value) && value >= 0 ? value : null;
      }}
    />
  </label>
);

export const Cost = ({ of }: { readonly of: ReportView["calls"] }) => {
  const tokens = (key: "prompt_tokens" | "completion_tokens"): number => of.reduce((sum, one) => sum + one[key], 0);
  const calls = of.reduce((sum, one) => sum + one.calls, 0);
  const cost =
    priceIn.value === null || priceOut.value === null
      ? null
      : (tokens("prompt_tokens") * priceIn.value + tokens("completion_tokens") * priceOut.value) / 1_000_000;
  return (
    <div class="form cost">
      <div class="row">
        <Price title="USD per million tokens in" of={priceIn} />
        <Price title="USD per million tokens out" of={priceOut} />
      </div>
      <p role="status">
        {cost === null ? (
          <span class="dim">Type in what your model costs, and the price of this range is shown here.</span>
        ) : (
          <>
            <strong>{cost.toFixed(2)} USD</strong> in this range, {((cost / Math.max(1, calls)) * 1000).toFixed(3)} USD
            per thousand questions.
          </>
        )}
      </p>
    </div>
  );
};
