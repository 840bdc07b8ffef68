/** Deliveries of one alert with their attempts; sending again is done from the ledger. */
import { may } from "./api.ts";
import { hrefWith } from "./query.ts";
import { reasonText } from "./reasons.ts";
import type { DeliveryView } from "./types.ts";
import { Ago, Empty, State } from "./ui.tsx";

interface DeliveryTableProps {
  readonly deliveries: readonly DeliveryView[];
}

const Attempts = ({ of }: { readonly of: DeliveryView }) => (
  <details>
    <summary>
      {of.attempts.length} {of.attempts.length === 1 ? "attempt" : "attempts"}
    </summary>
    <ol>
      {of.attempts.map((one) => (
        <li key={one.number}>
          <Ago at={one.at} />: {one.status_code ?? "no answer"} in {one.duration_ms} ms {one.error_type ?? ""}{" "}
          {one.error ?? ""}
        </li>
      ))}
    </ol>
  </details>
);

/** Ended without success: what a person may want to try again. */
const isEndedBadly = (delivery: DeliveryView): boolean => ["dead", "canceled"].includes(delivery.state);

export const DeliveryTable = ({ deliveries }: DeliveryTableProps) => {
  if (deliveries.length === 0) {
    return (
      <Empty title="Nothing has been sent.">
        <p>The timeline of an alert says why.</p>
      </Empty>
    );
  }
  return (
    <table class="cards">
      <thead>
        <tr>
          <th>When</th>
          <th>Target</th>
          <th>Alert</th>
          <th>State</th>
          <th>Why</th>
          <th>Attempts</th>
          <th>
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <td class="nowrap">
              <Ago at={delivery.created_at} />
            </td>
            <td>
              <a href={hrefWith("/deliveries", { target: delivery.target_name })}>{delivery.target_name}</a>
            </td>
            <td>
              {delivery.alert_name} <span class="dim">{delivery.status}</span>
            </td>
            <td>
              <State of={delivery.state} />
            </td>
            <td class="dim">
              {delivery.reason === null ? "" : reasonText(delivery.reason)} {delivery.error ?? ""}
              {delivery.next_attempt_at !== null && (
                <>
                  {" "}
                  next <Ago at={delivery.next_attempt_at} suffix="" />
                </>
              )}
            </td>
            <td>
              <Attempts of={delivery} />
            </td>
            <td>
              {may("operate") && isEndedBadly(delivery) && (
                <a href={hrefWith("/deliveries", { fingerprint: delivery.id.slice(0, 16) })}>Send again …</a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
