/** What the questions of a range cost, at prices that whoever pays them types in (they stay in this browser), else at the list's. */
import { type Spent, spentOn } from "../core/classify/prices.ts";
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

/** Two digits say it all above a cent; small sums need more to be more than nothing. */
const money = (usd: number): string => (usd >= 0.01 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(2));

const Result = ({ of, isOwn }: { readonly of: Spent; readonly isOwn: boolean }) => (
  <>
    {of.calls > 0 && (
      <>
        <strong>{money(of.usd)} USD</strong> in this range, {money((of.usd / of.calls) * 1000)} USD per thousand
        questions, {isOwn ? "at your prices" : `at list prices of ${of.asOf}: type in yours where they differ`}.{" "}
      </>
    )}
    {of.unknown.length > 0 && (
      <span>
        No price known for {of.unknown.join(", ")}: type in what it costs{of.calls > 0 ? ", it is not in the sum" : ""}.
      </span>
    )}
    {of.calls === 0 && of.unknown.length === 0 && <span class="dim">No tokens were used in this range.</span>}
  </>
);

export const Cost = ({ of }: { readonly of: ReportView["calls"] }) => {
  const own =
    priceIn.value === null || priceOut.value === null ? null : { input: priceIn.value, output: priceOut.value };
  return (
    <div class="form cost">
      <div class="row">
        <Price title="USD per million tokens in" of={priceIn} />
        <Price title="USD per million tokens out" of={priceOut} />
      </div>
      <p role="status">
        <Result of={spentOn(of, own)} isOwn={own !== null} />
      </p>
    </div>
  );
};
