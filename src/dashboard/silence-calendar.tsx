/** When silences hold over the next two weeks: a row per silence, a column per day, each window where it lies in its day. */
import { zone } from "./settings.ts";
import { clock, dayName, now } from "./time.ts";
import type { SilenceView } from "./types.ts";
import { Empty, Loaded } from "./ui.tsx";
import { useApi } from "./use-api.ts";

interface CalendarView {
  readonly silences: readonly {
    readonly id: string;
    readonly recurring: boolean;
    readonly windows: readonly { readonly from: string; readonly to: string }[];
  }[];
}

const DAYS = 14;
const DAY_MS = 86_400_000;

/** Midnight of today in the zone that is shown. */
const startOfDay = (at: number): number => {
  const day = new Date(at);
  if (zone.value === "utc") return day.setUTCHours(0, 0, 0, 0);
  return day.setHours(0, 0, 0, 0);
};

interface WindowSpan {
  readonly from: number;
  readonly to: number;
}

/** The part of a day that a window covers, as a bar; read out with its times. */
const Day = ({ start, windows }: { readonly start: number; readonly windows: readonly WindowSpan[] }) => {
  const end = start + DAY_MS;
  const inside = windows.filter(({ from, to }) => from < end && to > start);
  if (inside.length === 0) return <td />;
  const words = inside
    .map(({ from, to }) => `${from <= start ? "00:00" : clock(from)}–${to >= end ? "24:00" : clock(to)}`)
    .join(", ");
  return (
    <td title={words}>
      <svg viewBox="0 0 24 10" preserveAspectRatio="none" aria-hidden="true">
        {inside.map(({ from, to }) => {
          const left = (Math.max(from, start) - start) / 3_600_000;
          const right = (Math.min(to, end) - start) / 3_600_000;
          return <rect key={from} x={left} y="1" width={Math.max(0.6, right - left)} height="8" />;
        })}
      </svg>
      <span class="unseen">{words}</span>
    </td>
  );
};

const title = (silence: SilenceView | undefined): string =>
  silence === undefined ? "a silence" : `${silence.comment || "without a reason"} (${silence.createdBy})`;

export const Calendar = ({ silences }: { readonly silences: readonly SilenceView[] }) => {
  const first = startOfDay(now.value);
  const days = Array.from({ length: DAYS }, (_, i) => startOfDay(first + i * DAY_MS + DAY_MS / 2));
  const asked = useApi<CalendarView>(
    `/api/v1/silences/calendar?from=${new Date(first).toISOString()}&to=${new Date(first + DAYS * DAY_MS).toISOString()}`,
    { on: ["silence"] },
  );
  return (
    <Loaded of={asked} what="calendar">
      {({ silences: found }) =>
        found.length === 0 ? (
          <Empty title="Nothing is silenced in the next two weeks." />
        ) : (
          <div class="scroll">
            <table class="calendar">
              <caption class="unseen">When silences hold, day by day</caption>
              <thead>
                <tr>
                  <th scope="col">Silence</th>
                  {days.map((day) => (
                    <th key={day} scope="col">
                      {dayName(day).replace(/ \w+$/, "")}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {found.map(({ id, windows }) => {
                  const spans = windows.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));
                  return (
                    <tr key={id}>
                      <th scope="row">{title(silences.find((silence) => silence.id === id))}</th>
                      {days.map((day) => (
                        <Day key={day} start={day} windows={spans} />
                      ))}
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        )
      }
    </Loaded>
  );
};
