/**
 * What an attempt leaves of its request: a digest of what may be shown of it, and the little that is needed to make it
 * again. Made again and compared, a page can say whether it shows what was sent; what failed is kept as it was besides.
 */
import type { Notification } from "../core/publish/notification.ts";
import type { Receipt } from "../core/publish/outcome.ts";
import type { ShownRequest } from "../core/publish/shown.ts";
import { cut } from "../core/publish/text.ts";
import type { Target } from "../core/route/target.ts";
import { sha256, toHex } from "./auth.ts";

/** Characters of a body that are kept of a failed attempt: a page of text, where rows of many attempts stay small. */
export const MAX_KEPT_BODY = 4_000;
/** 128 bits tell two requests apart. */
const DIGEST_CHARS = 32;
/** What a notification says of its receiver where no event knows it. */
const DEFAULT_RECEIVER = "default";

/** How the request of an attempt came about. */
export interface Made {
  readonly digest: string;
  /** Left out where it is the default. */
  readonly receiver?: string;
  /** What the target had given back before; left out where it was nothing. */
  readonly known?: Receipt;
  /** Steps that were done before; left out where there were none. */
  readonly done?: readonly string[];
}

/** The request of a failed attempt, without secrets. */
export interface KeptRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  /** Characters of the whole of it. */
  readonly length: number;
}

/** Of everything that is shown; what a secret was plays no part in it. */
export const digestOf = async ({ method, url, headers, body, signed }: ShownRequest): Promise<string> => {
  const named = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return toHex(await sha256(JSON.stringify([method, url, named, body, signed]))).slice(0, DIGEST_CHARS);
};

export const madeOf = async (
  shown: ShownRequest,
  notification: Pick<Notification, "receiver">,
  known: Receipt | null,
  done: readonly string[],
): Promise<Made> => ({
  digest: await digestOf(shown),
  ...(notification.receiver === DEFAULT_RECEIVER ? {} : { receiver: notification.receiver }),
  ...(known === null ? {} : { known }),
  ...(done.length === 0 ? {} : { done }),
});

/** null where a template writes the body: any of its words may be a secret, and nothing tells which. */
export const keepRequest = ({ method, url, body }: ShownRequest, target: Target): KeptRequest | null =>
  target.options.template === undefined ? { method, url, body: cut(body, MAX_KEPT_BODY), length: body.length } : null;
