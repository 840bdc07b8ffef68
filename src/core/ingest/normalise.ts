/** From a draft to an alert: the rules common to all formats (contracts 3.2), and those of the source. */
import type { Alert, Labels, Millis } from "../alert/alert.ts";
import { fingerprint } from "../alert/fingerprint.ts";
import { addLabels, dropLabels, isEmpty } from "../alert/labels.ts";
import { type Defect, err, ok, type Result } from "../result.ts";
import { readAnnotations } from "./annotations.ts";
import type { Draft } from "./format.ts";
import { readText } from "./json.ts";
import { readLabels } from "./label-set.ts";
import { MAX_CLOCK_SKEW_MS, MAX_FINGERPRINT_CHARACTERS, MAX_TEXT_CHARACTERS } from "./limits.ts";

export interface NormaliseOptions {
  /** When the request arrived. */
  readonly now: Millis;
  /** A firing alert without an end of its own counts as resolved after so many seconds without a repeat. 0: never. */
  readonly timeoutSeconds: number;
  /** Names of labels that are no part of the identity, such as the replica label of a pair. */
  readonly dropLabels?: readonly string[];
  /** Labels of the source, put on after dropping; they overwrite what the alert brought. They must be valid already. */
  readonly addLabels?: Labels;
}

/** The alert, or the one defect that keeps it out; `path` is its place in the body. A pending alert counts as firing. */
export const normalise = (draft: Draft, path: string, options: NormaliseOptions): Result<Alert, Defect> => {
  const labelsPath = `${path}/labels`;
  const read = readLabels(draft.labels, labelsPath, draft.labelPath);
  if (!read.ok) return read;
  const labels = applySource(read.value, options);
  if (isEmpty(labels)) return err({ path: labelsPath, message: "an alert needs at least one label" });
  const timing = readTiming(draft, options);
  if (timing === null) return err({ path, message: "endsAt is before startsAt" });

  const own = fingerprint(labels);
  const theirs = draft.fingerprint;
  const alert: Alert = {
    fingerprint: own,
    labels,
    annotations: readAnnotations(draft.annotations),
    status: timing.status,
    startsAt: timing.startsAt,
    endsAt: timing.endsAt,
    expiresAt: timing.expiresAt,
    generatorURL: readText(draft.generatorURL, MAX_TEXT_CHARACTERS),
  };
  if (typeof theirs !== "string" || theirs === "" || theirs === own) return ok(alert);
  return ok({ ...alert, sourceFingerprint: readText(theirs, MAX_FINGERPRINT_CHARACTERS) });
};

const applySource = (labels: Labels, options: NormaliseOptions): Labels => {
  const kept = options.dropLabels === undefined ? labels : dropLabels(labels, options.dropLabels);
  return options.addLabels === undefined ? kept : addLabels(kept, options.addLabels);
};

type Timing = Pick<Alert, "status" | "startsAt" | "endsAt" | "expiresAt">;

/**
 * null when the alert ended before it began. A missing status follows from the end. A start that is missing or beyond
 * the clock skew counts as now, or as the end where that is earlier; and an end is never put before the start: a
 * resolve must not look older than the firing it ends.
 */
const readTiming = (draft: Draft, { now, timeoutSeconds }: NormaliseOptions): Timing | null => {
  const { endsAt } = draft;
  const startsAt = draft.startsAt !== null && draft.startsAt <= now + MAX_CLOCK_SKEW_MS ? draft.startsAt : null;
  if (startsAt !== null && endsAt !== null && endsAt < startsAt) return null;
  const hasEnded = endsAt !== null && endsAt <= now;
  const status = draft.status === "resolved" || (draft.status === null && hasEnded) ? "resolved" : "firing";
  if (status === "resolved") {
    const start = startsAt ?? (hasEnded ? endsAt : now);
    return { status, startsAt: start, endsAt: hasEnded ? endsAt : Math.max(now, start), expiresAt: null };
  }
  const timeout = timeoutSeconds > 0 ? now + timeoutSeconds * 1000 : null;
  const expiresAt = endsAt !== null && !hasEnded ? endsAt : timeout;
  return { status, startsAt: startsAt ?? now, endsAt: null, expiresAt };
};
