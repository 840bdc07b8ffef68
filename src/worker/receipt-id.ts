/** Receipt ids: UUIDv7, which begin with their time in milliseconds. */
import { v7, validate, version } from "uuid";

export const newReceiptId = (now: number): string => v7({ msecs: now });

/** The millisecond a receipt was given out, or null where the id is none of ours. */
export const receiptTime = (id: string): number | null =>
  validate(id) && version(id) === 7 ? Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16) : null;
