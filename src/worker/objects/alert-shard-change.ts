/** From a dedup decision to the change that travels to the consumer, and what the shard keeps beside it. */
import type { Alert, IngestFormat, Millis, UpstreamGroup } from "../../core/alert/alert.ts";
import type { Dedup } from "../../core/dedup/decide.ts";
import type { Inhibitor } from "../../core/filter/inhibition.ts";
import type { Change } from "../../core/messages.ts";

/** Where a report came from; `alert` is null when the clock ended it. */
export interface ReportContext {
  readonly alert: Alert | null;
  readonly now: Millis;
  readonly receiptId: string | null;
  readonly source: string | null;
  readonly format: IngestFormat;
  readonly upstream: UpstreamGroup | null;
  /** By fingerprint, what of the same request inhibits it. */
  readonly inhibitors?: ReadonlyMap<string, readonly Inhibitor[]>;
}

const inhibitorsOf = (
  fingerprint: string,
  { inhibitors: known }: ReportContext,
): { readonly inhibitors?: readonly Inhibitor[] } => {
  const inhibitors = known?.get(fingerprint);
  return inhibitors === undefined ? {} : { inhibitors };
};

/** Where an entry is stored, and what the event that made it does not say of it. */
export type State = readonly [
  key: string,
  expiresAt: Millis | null,
  firstSeen: Millis,
  lastReceivedAt: Millis,
  receiveCount: number,
  source: string | null,
];

export const changeOf = ({ entry, transition }: Dedup, report: ReportContext): Change =>
  transition === null
    ? {
        kind: "update",
        update: {
          fingerprint: entry.fingerprint,
          seq: entry.seq,
          annotations: entry.annotations,
          generatorURL: entry.generatorURL,
          startsAt: entry.startsAt,
          endsAt: entry.endsAt,
          at: report.now,
        },
      }
    : {
        kind: "event",
        event: {
          fingerprint: entry.fingerprint,
          seq: entry.seq,
          kind: transition,
          status: entry.status,
          previousStatus: transition === "new" ? null : transition === "resolved" ? "firing" : "resolved",
          labels: entry.labels,
          annotations: entry.annotations,
          startsAt: entry.startsAt,
          endsAt: entry.endsAt,
          generatorURL: entry.generatorURL,
          receivedAt: report.now,
          expired: report.alert === null,
          episodeSeq: entry.episodeSeq,
          receiptId: report.receiptId,
          source: report.source,
          format: report.format,
          upstream: report.upstream,
          sourceFingerprint: report.alert?.sourceFingerprint ?? null,
          ...inhibitorsOf(entry.fingerprint, report),
        },
      };
