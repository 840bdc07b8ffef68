/** Episodes as bars on a time axis, and below it what was decided of each event, and why. */
import { hrefWith } from "./query.ts";
import { reasonText } from "./reasons.ts";
import { absolute, duration, shortDate } from "./time.ts";
import type { AlertHistory, DeliveryView } from "./types.ts";
import { Ago, Empty, State } from "./ui.tsx";

interface TimelineProps {
  readonly events: AlertHistory["events"];
  readonly deliveries: readonly DeliveryView[];
}

const WIDTH = 1000;

/** From firing to the next resolve, oldest first. */
const episodesOf = (events: TimelineProps["events"]): { from: number; to: number | null }[] => {
  const episodes: { from: number; to: number | null }[] = [];
  for (const event of events.toReversed()) {
    const at = Date.parse(event.received_at);
    const last = episodes.at(-1);
    if (event.status === "firing" && (last === undefined || last.to !== null)) episodes.push({ from: at, to: null });
    if (event.status === "resolved" && last !== undefined && last.to === null) last.to = at;
  }
  return episodes;
};

const Strip = ({ events }: { readonly events: TimelineProps["events"] }) => {
  const episodes = episodesOf(events);
  const first = episodes[0];
  if (first === undefined) return null;
  const end = Date.now();
  const scale = WIDTH / Math.max(1, end - first.from);
  return (
    <>
      <svg
        class="strip"
        viewBox={`0 0 ${WIDTH} 22`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${episodes.length} episodes since ${absolute(first.from)}`}
      >
        <rect class="quiet" x="0" y="8" width={WIDTH} height="6" />
        {episodes.map(({ from, to }) => (
          <rect
            key={from}
            class="firing"
            x={(from - first.from) * scale}
            y="2"
            width={Math.max(3, ((to ?? end) - from) * scale)}
            height="18"
          >
            <title>{`${absolute(from)}, ${to === null ? "still firing" : `for ${duration(to - from)}`}`}</title>
          </rect>
        ))}
      </svg>
      <p class="strip-ends dim">
        <span>{shortDate(first.from)}</span>
        <span>
          {episodes.length} {episodes.length === 1 ? "episode" : "episodes"}
        </span>
        <span>now</span>
      </p>
    </>
  );
};

/** Its own notification, or one of the groups that told of it. */
const belongsTo = (delivery: DeliveryView, event: AlertHistory["events"][number]): boolean =>
  delivery.id.startsWith(`${event.event_id}:`) || event.trace.some(({ notification }) => notification === delivery.id);

export const Timeline = ({ events, deliveries }: TimelineProps) => {
  if (events.length === 0) return <Empty title="Nothing is known of it any more." />;
  return (
    <>
      <Strip events={events} />
      <ol class="timeline">
        {events.map((event) => (
          <li key={event.event_id}>
            <header>
              <State of={event.status} label={event.kind === "new" ? "firing" : event.kind} />{" "}
              <Ago at={event.received_at} /> <span class="dim">{absolute(Date.parse(event.received_at))}</span>
            </header>
            <table class="steps">
              <tbody>
                {event.trace.map((step, i) => (
                  <tr key={`${step.stage}-${i}`}>
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
                {deliveries
                  .filter((delivery) => belongsTo(delivery, event))
                  .map((delivery) => (
                    <tr key={delivery.ledger_id}>
                      <th scope="row">deliver</th>
                      <td>
                        <State of={delivery.state} /> →{" "}
                        <a href={hrefWith("/deliveries", { target: delivery.target_name, job: delivery.ledger_id })}>
                          {delivery.target_name}
                        </a>
                      </td>
                      <td class="dim">
                        {delivery.reason === null
                          ? (delivery.attempts.at(-1)?.status_code ?? "")
                          : reasonText(delivery.reason)}{" "}
                        {delivery.error ?? ""}
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </li>
        ))}
      </ol>
    </>
  );
};
