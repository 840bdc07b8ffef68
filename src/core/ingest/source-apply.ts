/**
 * What a source makes of a body, alert by alert: map, drop and add labels, relabel, validate, normalise. The preview
 * shows what this says, so it cannot differ from what happens.
 */
import type { Alert } from "../alert/alert.ts";
import { type Defect, err, ok, type Result } from "../result.ts";
import { type Draft, plainEnvelope } from "./format.ts";
import { genericSingle } from "./generic.ts";
import { isObject, pointer } from "./json.ts";
import { mapBody, type RawEntry } from "./mapped.ts";
import { relabel } from "./relabel.ts";
import type { Source } from "./source.ts";
import { type Budget, createBudget, STEPS_SPENT } from "./source-limits.ts";
import { textOf } from "./source-text.ts";
import { findFailures, VALIDATION_ANNOTATION } from "./validate.ts";

/** Which step kept an alert out. */
export type RejectStage = "map" | "relabel" | "validate" | "normalise";

export type SourceOutcome =
  /** `notes` says which of the operator's rules it breaks without being kept out. */
  | { readonly kind: "accepted"; readonly path: string; readonly alert: Alert; readonly notes: readonly string[] }
  /** A relabel rule of the operator took it: wanted, and no error. */
  | { readonly kind: "dropped"; readonly path: string; readonly reason: string }
  /** Pending, and such alerts are nothing yet. */
  | { readonly kind: "skipped"; readonly path: string }
  | { readonly kind: "rejected"; readonly path: string; readonly stage: RejectStage; readonly defect: Defect };

export interface DraftEntry {
  /** JSON pointer of its place in the body. */
  readonly path: string;
  readonly read: () => Result<Draft, Defect>;
}

export interface Readers {
  /** The alerts of a body of a known format; for sources without a map. */
  readonly detect: (body: unknown) => Result<readonly DraftEntry[], Defect>;
  /** Whether an alert is nothing yet and passed over without a word. */
  readonly skips?: (draft: Draft) => boolean;
  /** The common rules (contracts 3.2), fingerprint included. */
  readonly normalise: (draft: Draft, path: string) => Result<Alert, Defect>;
}

/** What became of every alert, in the order of the body; or the defect of a body in which none can be found. */
export const applySource = (
  source: Source,
  body: unknown,
  readers: Readers,
  budget: Budget = createBudget(),
): Result<readonly SourceOutcome[], Defect> => {
  const entries = source.map ? readMapped(mapBody(source.map, body, budget)) : readers.detect(body);
  if (!entries.ok) return entries;
  return ok(entries.value.map((entry) => applyToEntry(source, entry, readers, budget)));
};

/** What a map gives is read like any other body of the generic form. */
const readMapped = (entries: Result<readonly RawEntry[], Defect>): Result<readonly DraftEntry[], Defect> => {
  if (!entries.ok) return entries;
  const envelope = plainEnvelope([]);
  return ok(
    entries.value.map(({ path, read }) => ({
      path,
      read: () => {
        const raw = read();
        return raw.ok ? genericSingle.read({ ...raw.value }, path, { entries: [], pathOf: () => path }, envelope) : raw;
      },
    })),
  );
};

const applyToEntry = (
  source: Source,
  { path, read }: DraftEntry,
  { normalise, skips }: Readers,
  budget: Budget,
): SourceOutcome => {
  const reject = (stage: RejectStage, defect: Defect): SourceOutcome => ({ kind: "rejected", path, stage, defect });
  const draft = read();
  if (!draft.ok) return reject("map", draft.error);
  if (skips?.(draft.value) === true) return { kind: "skipped", path };
  const sent = readTexts(draft.value.labels, `${path}/labels`, budget);
  if (!sent.ok) return reject("map", sent.error);
  const judged = judgeLabels(source, sent.value, budget);
  if (judged.kind === "dropped") return { kind: "dropped", path, reason: judged.reason };
  if (judged.kind === "rejected") return reject(judged.stage, { path, message: judged.reason });
  const { tags, notes } = judged;
  const own = isObject(draft.value.annotations) ? draft.value.annotations : {};
  const annotations = tags.length > 0 ? { ...own, [VALIDATION_ANNOTATION]: tags.join("; ") } : own;
  const alert = normalise({ ...draft.value, labels: Object.fromEntries(judged.labels), annotations }, path);
  return alert.ok ? { kind: "accepted", path, alert: alert.value, notes } : reject("normalise", alert.error);
};

/** The labels as texts, whatever their length: a rule may still shorten them. */
const readTexts = (raw: unknown, path: string, budget: Budget): Result<ReadonlyMap<string, string>, Defect> => {
  if (!isObject(raw)) return err({ path, message: "labels must be an object" });
  const labels = new Map<string, string>();
  for (const [name, value] of Object.entries(raw)) {
    const text = Array.isArray(value) ? null : textOf(value, budget);
    if (text === null) return err({ path: pointer(path, name), message: "must be a text, number or boolean" });
    if (text !== undefined) labels.set(name, text);
  }
  return ok(labels);
};

export type JudgedLabels =
  | {
      readonly kind: "kept";
      readonly labels: ReadonlyMap<string, string>;
      /** What the annotation VALIDATION_ANNOTATION is to say. */
      readonly tags: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly kind: "dropped"; readonly reason: string }
  | { readonly kind: "rejected"; readonly stage: "relabel" | "validate"; readonly reason: string };

/** The labels an alert has after its source: without the dropped, with the added (which win), relabelled, validated. */
export const judgeLabels = (source: Source, sent: ReadonlyMap<string, string>, budget: Budget): JudgedLabels => {
  const labels = new Map(sent);
  for (const name of source.dropLabels) labels.delete(name);
  for (const [name, value] of source.addLabels) {
    if (value === "") labels.delete(name);
    else labels.set(name, value);
  }
  const relabelled = relabel(source.relabelRules, labels, budget);
  if (relabelled.kind !== "kept") {
    const reason = `alert_relabel_configs/${relabelled.rule}: ${relabelled.reason}`;
    return relabelled.kind === "dropped" ? { kind: "dropped", reason } : { kind: "rejected", stage: "relabel", reason };
  }
  const failures = findFailures(source.validationRules, relabelled.labels, budget);
  if (budget.isSpent()) return { kind: "rejected", stage: "validate", reason: STEPS_SPENT };
  const messages = (...kinds: readonly string[]) =>
    failures.filter(({ onFail }) => kinds.includes(onFail)).flatMap((failure) => failure.messages);
  const rejected = messages("reject");
  if (rejected.length > 0) return { kind: "rejected", stage: "validate", reason: rejected.join("; ") };
  return { kind: "kept", labels: relabelled.labels, tags: messages("tag"), notes: messages("tag", "accept") };
};
