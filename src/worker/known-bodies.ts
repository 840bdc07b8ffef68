/**
 * Bodies that said nothing new when they came last, with what was read from them: senders repeat themselves byte for byte,
 * and comparing costs a tenth of reading. Only a shortcut: whatever is not found here is read.
 */
import { sameUntil } from "../core/ingest/again.ts";
import type { Parsed, ParseOptions } from "../core/ingest/parse.ts";
import type { Endpoint } from "../core/ingest/parse-source.ts";
import type { Source } from "../core/ingest/source.ts";
import { Recent } from "./recent.ts";

/** By which rules a body is read. */
export interface Rules {
  readonly endpoint: Endpoint;
  readonly source: Source | null;
  readonly options: ParseOptions;
}

interface Known {
  readonly bytes: Uint8Array;
  readonly rules: Rules;
  readonly parsed: Parsed;
}

/** Bodies kept per isolate; with their size and what was read from them, at most about 16 MB. */
const MAX_BODIES = 128;
/** Longer ones, of some hundred alerts, are read again. */
const MAX_BYTES = 64 * 1024;

const known = new Recent<Known>(MAX_BODIES);
/** What was read in requests that are under way. */
const reading = new WeakMap<Parsed, Known>();

/** Any good spread will do: what is found is compared. */
const keyOf = (bytes: Uint8Array): string => {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  let hash = bytes.byteLength;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ (words[i] as number), 0x01000193) ^ (hash >>> 15);
  return `${bytes.byteLength}:${hash}`;
};

/** Views of words have to begin at one. */
const isKept = (bytes: Uint8Array): boolean => bytes.byteLength <= MAX_BYTES && bytes.byteOffset % 4 === 0;

const timeoutOf = ({ endpoint, options }: Rules): number =>
  endpoint === "webhook" ? options.webhookResolveTimeoutSeconds : options.resolveTimeoutSeconds;

const areSame = (a: Rules, b: Rules): boolean =>
  a.endpoint === b.endpoint &&
  a.source === b.source &&
  a.options.pending === b.options.pending &&
  a.options.maxAlerts === b.options.maxAlerts &&
  timeoutOf(a) === timeoutOf(b);

/** What the same bytes gave before, where they give it now as well; null otherwise. */
export const recallBody = (bytes: Uint8Array, rules: Rules): Parsed | null => {
  if (!isKept(bytes)) return null;
  const found = known.get(keyOf(bytes));
  if (found === undefined || !areSame(found.rules, rules)) return null;
  const { now } = found.rules.options;
  const until = sameUntil(found.parsed, timeoutOf(rules), now);
  if (until === null || rules.options.now < now || rules.options.now >= until) return null;
  return found.bytes.byteLength === bytes.byteLength && crypto.subtle.timingSafeEqual(found.bytes, bytes)
    ? found.parsed
    : null;
};

/** Notes what was read from a body, in case it turns out to say nothing new. */
export const noteBody = (bytes: Uint8Array, rules: Rules, parsed: Parsed): void => {
  if (isKept(bytes)) reading.set(parsed, { bytes, rules, parsed });
};

/** All that was read there are repeats: the body is remembered. */
export const keepBody = (parsed: Parsed): void => {
  const read = reading.get(parsed);
  if (read === undefined) return;
  reading.delete(parsed);
  if (sameUntil(parsed, timeoutOf(read.rules), read.rules.options.now) !== null) known.set(keyOf(read.bytes), read);
};
