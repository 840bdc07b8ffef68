/** What the ledger says of each target over a range: how many were delivered, and how fast. */
import type { DeliveryTimes } from "../worker/routes/dashboard-schemas.ts";

export type DeliveryTimesView = (typeof DeliveryTimes)["_output"];
export type TargetTimes = DeliveryTimesView["targets"][number];

export const timesOf = (times: DeliveryTimesView | null, target: string): TargetTimes | undefined =>
  times?.targets.find((one) => one.target === target);

/** The part that was delivered; null where nothing was sent. */
export const shareOf = (times: TargetTimes | undefined): number | null =>
  times === undefined || times.delivered + times.failed === 0
    ? null
    : times.delivered / (times.delivered + times.failed);
