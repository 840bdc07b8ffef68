/** What a shard is asked to store, and how it travels: as text, half the cost of a copy of so many small objects. */
import type { Alert, IngestFormat, UpstreamGroup } from "../../core/alert/alert.ts";
import type { Inhibitor } from "../../core/filter/inhibition.ts";

export interface IngestBatch {
  readonly alerts: readonly Alert[];
  readonly receiptId: string;
  readonly source: string | null;
  readonly format: IngestFormat;
  readonly upstream: UpstreamGroup | null;
  /** By fingerprint, which alerts of the whole request inhibit it; absent: none does. */
  readonly inhibitors?: ReadonlyMap<string, readonly Inhibitor[]>;
}

type Travelling = Omit<IngestBatch, "inhibitors"> & {
  readonly inhibitors?: readonly (readonly [string, readonly Inhibitor[]])[];
};

export const writeBatch = ({ inhibitors, ...batch }: IngestBatch): string =>
  JSON.stringify((inhibitors === undefined ? batch : { ...batch, inhibitors: [...inhibitors] }) satisfies Travelling);

export const readBatch = (text: string): IngestBatch => {
  const { inhibitors, ...batch } = JSON.parse(text) as Travelling;
  return inhibitors === undefined ? batch : { ...batch, inhibitors: new Map(inhibitors) };
};
