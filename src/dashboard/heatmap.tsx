/** When it is noisy: seven days by 24 hours, from the hourly counts. A table, so that it needs no second form. */
import { zone } from "./settings.ts";
import type { HourView } from "./types.ts";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LEVELS = 5;

const hourName = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

const placeOf = (timestamp: string): number => {
  const at = new Date(timestamp);
  const [day, hour] = zone.value === "utc" ? [at.getUTCDay(), at.getUTCHours()] : [at.getDay(), at.getHours()];
  return ((day + 6) % 7) * 24 + hour;
};

export const Heatmap = ({ hours }: { readonly hours: readonly HourView[] }) => {
  const cells = new Array<number>(7 * 24).fill(0);
  for (const hour of hours) {
    const place = placeOf(hour.timestamp);
    cells[place] = (cells[place] ?? 0) + hour.critical + hour.warning + hour.info_alerts;
  }
  const most = Math.max(1, ...cells);
  return (
    <div class="scroll">
      <table class="heatmap">
        <caption class="unseen">Alerts by day of the week and hour</caption>
        <thead>
          <tr>
            <td />
            {Array.from({ length: 24 }, (_, hour) => (
              <th key={hour} scope="col">
                {hour % 3 === 0 ? hourName(hour) : <span class="unseen">{hourName(hour)}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {DAYS.map((day, d) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {Array.from({ length: 24 }, (_, hour) => {
                const value = cells[d * 24 + hour] ?? 0;
                const level = value === 0 ? 0 : Math.ceil((value / most) * LEVELS);
                return (
                  <td
                    key={hour}
                    class={`heat-${level}`}
                    title={`${day} ${hourName(hour)}, ${value} ${value === 1 ? "alert" : "alerts"} began`}
                  >
                    <span class="unseen">{value}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="heat-legend dim">
        none
        {Array.from({ length: LEVELS + 1 }, (_, level) => (
          <span key={level} class={`heat-key heat-${level}`} aria-hidden="true" />
        ))}
        {most} in an hour
      </p>
    </div>
  );
};
