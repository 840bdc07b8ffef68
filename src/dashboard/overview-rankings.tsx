/** Rankings of the overview: what fires most often, what flaps, what has been firing longest. */
import { placeOf } from "./place.ts";
import { hrefWith } from "./query.ts";
import type { LongestView, RankedAlert } from "./types.ts";
import { Ago, count, Empty, Severity } from "./ui.tsx";

const ROWS = 7;

interface RankingProps {
  readonly of: readonly RankedAlert[];
  readonly value: (alert: RankedAlert) => number;
  readonly unit: string;
}

/** The most frequent with their share as a bar. */
export const Ranking = ({ of, value, unit }: RankingProps) => {
  if (of.length === 0) return <Empty title="None in this range." />;
  const most = Math.max(1, ...of.map(value));
  return (
    <table class="ranking">
      <tbody>
        {of.slice(0, ROWS).map((alert) => (
          <tr key={alert.fingerprint}>
            <td>
              <a href={hrefWith("/alerts", { tab: "all", sel: alert.fingerprint })}>{alert.alert_name}</a>
              <div class="dim">{placeOf(alert.labels)}</div>
            </td>
            <td class="bar">
              <meter min={0} max={most} value={value(alert)} aria-label={`${value(alert)} ${unit}`} />
            </td>
            <td class="number">
              {count(value(alert))} {unit}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

export const LongestFiring = ({ of }: { readonly of: LongestView["alerts"] }) =>
  of.length === 0 ? (
    <Empty title="Nothing is firing." />
  ) : (
    <table class="ranking">
      <tbody>
        {of.slice(0, ROWS).map((alert) => (
          <tr key={alert.fingerprint}>
            <td>
              <Severity of={alert.severity} />
            </td>
            <td>
              <a href={hrefWith("/alerts", { sel: alert.fingerprint })}>{alert.alert_name}</a>
              <div class="dim">{placeOf(alert.labels)}</div>
            </td>
            <td class="number">
              <Ago at={alert.starts_at} suffix="" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
