/** Deliveries of one alert with their attempts; what was sent, and sending it again, is a click away. */
import { hrefWith } from "./query.ts";
import { reasonText } from "./reasons.ts";
import { latency } from "./time.ts";
import type { DeliveryView } from "./types.ts";
import { Ago, Cell, Empty, State } from "./ui.tsx";

interface DeliveryTableProps {
  readonly deliveries: readonly DeliveryView[];
}

const isOfGroup = ({ id }: DeliveryView): boolean => id.startsWith("g");

const Attempts = ({ of }: { readonly of: DeliveryView }) => (
  <details>
    <summary>
      {of.attempts.length} {of.attempts.length === 1 ? "attempt" : "attempts"}
    </summary>
    <ol>
      {of.attempts.map((one) => (
        <li key={one.number}>
          <Ago at={one.at} />: {one.status_code ?? "no answer"} in {latency(one.duration_ms)}
          {one.error_type === null ? "" : `, ${reasonText(one.error_type)}`}
          {one.error === null || one.error === one.error_type ? "" : `: ${one.error}`}
        </li>
      ))}
    </ol>
  </details>
);

const Why = ({ of }: { readonly of: DeliveryView }) => (
  <>
    {of.reason === null ? "" : reasonText(of.reason)} {of.error ?? ""}
    {of.next_attempt_at !== null && (
      <>
        {" "}
        next try <Ago at={of.next_attempt_at} suffix="" />
      </>
    )}
  </>
);

export const DeliveryTable = ({ deliveries }: DeliveryTableProps) => {
  if (deliveries.length === 0) {
    return (
      <Empty title="Nothing has been sent.">
        <p>The timeline of the alert says why.</p>
      </Empty>
    );
  }
  return (
    <table class="cards">
      <caption class="unseen">Deliveries, newest first</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Target</th>
          <th scope="col">Told</th>
          <th scope="col">State</th>
          <th scope="col">Why</th>
          <th scope="col">Attempts</th>
        </tr>
      </thead>
      <tbody>
        {deliveries
          .toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))
          .map((delivery) => (
            <tr key={delivery.ledger_id}>
              <td class="nowrap">
                <Ago at={delivery.created_at} />
              </td>
              <td class="name">
                <a href={hrefWith("/deliveries", { target: delivery.target_name, job: delivery.ledger_id })}>
                  {delivery.target_name}
                </a>
              </td>
              <Cell of="told">
                {delivery.status}
                {isOfGroup(delivery) ? ", with its group" : ""}
              </Cell>
              <td>
                <State of={delivery.state} />
              </td>
              <td class="dim">
                <Why of={delivery} />
              </td>
              <td>
                <Attempts of={delivery} />
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
};
