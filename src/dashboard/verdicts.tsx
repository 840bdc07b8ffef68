/** What an explanation says: who is told, who is not, and why; step by step below. */
import { hrefWith } from "./query.ts";
import { reasonText } from "./reasons.ts";
import type { Explanation } from "./types.ts";
import { Empty, percent, Severity, State } from "./ui.tsx";

const TOLD: Readonly<Record<string, readonly [state: string, label: string]>> = {
  now: ["sent", "told at once"],
  group: ["sent", "told with its group"],
  held: ["suppressed", "held back"],
  no: ["skipped", "not told"],
};
const ORDER = ["now", "group", "held", "no"];

export const Verdicts = ({ of }: { readonly of: Explanation }) => (
  <>
    <p>
      It counts as <Severity of={of.severity} />
      {of.classification !== null && (
        <span class="dim">
          ; classified as {of.classification.severity}, {of.classification.category},{" "}
          {percent(of.classification.confidence, 0)} sure
        </span>
      )}
      .
    </p>
    {of.targets.length === 0 ? (
      <Empty title="There is no target that could be told." />
    ) : (
      <table class="cards">
        <caption class="unseen">Targets, told or not</caption>
        <tbody>
          {of.targets
            .toSorted((a, b) => ORDER.indexOf(a.told) - ORDER.indexOf(b.told))
            .map(({ target, told, reason }) => {
              const [state, label] = TOLD[told] ?? ["skipped", told];
              return (
                <tr key={target} class={told === "no" ? "passed" : ""}>
                  <td>
                    <a href={hrefWith("/targets", { sel: target })}>{target}</a>
                  </td>
                  <td>
                    <State of={state} label={label} />
                  </td>
                  <td class="dim">{told === "group" ? "when its group is told next" : reasonText(reason)}</td>
                </tr>
              );
            })}
        </tbody>
      </table>
    )}
    <details>
      <summary>Step by step</summary>
      <table class="steps">
        <tbody>
          {of.trace.map((step, index) => (
            <tr key={`${step.stage} ${index}`}>
              <th scope="row">{step.stage}</th>
              <td>
                {step.decision}
                {step.target === undefined ? "" : ` → ${step.target}`}
              </td>
              <td class="dim" title={step.reason}>
                {reasonText(step.reason)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  </>
);
