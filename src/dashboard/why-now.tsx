/** Asks what would happen to these labels now: every target with its reason, those that are not told too. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call } from "./api.ts";
import { matcherText } from "./filter.ts";
import { hrefWith } from "./query.ts";
import type { Explanation } from "./types.ts";
import { Verdicts } from "./verdicts.tsx";

interface WhyNowProps {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The labels as the tester of the routing page takes them. */
export const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => matcherText(name, "=", value))
    .join(", ");

export const WhyNow = ({ labels, annotations }: WhyNowProps) => {
  const found = useSignal<Explanation | null>(null);
  const ask = (): void =>
    void attempt(async () => {
      found.value = await call<Explanation>("POST", "/api/v1/explain", { labels, annotations });
    }, null);
  return (
    <div class="why-now">
      <p class="quick">
        <button type="button" class="small" onClick={ask}>
          Why here, and why not elsewhere?
        </button>
        <a href={hrefWith("/routing", { labels: labelText(labels) })}>Show its path in the tree</a>
      </p>
      {found.value !== null && <Verdicts of={found.value} />}
    </div>
  );
};
