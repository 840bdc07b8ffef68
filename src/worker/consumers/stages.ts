/** The stages that happen to one event, each in its span. */
import { alertName } from "../../core/alert/alert.ts";
import type { Classification } from "../../core/classify/classification.ts";
import { type AlertEvent, eventId } from "../../core/history/event.ts";
import type { Context } from "../../core/pipeline/context.ts";
import type { Decision } from "../../core/pipeline/decision.ts";
import { decideEvent } from "../../core/pipeline/shadow.ts";
import type { Classifier } from "../classifier.ts";
import type { Classified } from "../classifier-result.ts";
import { inSpan } from "../span.ts";

/** One decision waits at most this long for a model; the rules answer then (DESIGN 2). */
const CLASSIFY_MS = 5_000;

const fieldsOf = ({ fingerprint, seq, labels, kind, receiptId }: AlertEvent) => ({
  id: eventId(fingerprint, seq),
  receiptId,
  alertname: alertName(labels),
  kind,
});

/** What becomes of an event, in a word. */
const outcomeOf = ({ notifications, groups, storms }: Decision): string =>
  notifications.length > 0 ? "told" : storms.length > 0 ? "storm" : groups.length > 0 ? "grouped" : "nobody";

export const decide = (event: AlertEvent, classification: Classification | null, context: Context): Decision =>
  inSpan("decide", fieldsOf(event), (note) => {
    const decision = decideEvent(event, classification, context);
    note({
      severity: decision.severity,
      mode: decision.mode,
      notifications: decision.notifications.length,
      groups: decision.groups.length,
      outcome: outcomeOf(decision),
      reason: decision.trace.at(-1)?.reason ?? null,
    });
    return decision;
  });

export const classify = (classifier: Classifier, event: AlertEvent): Promise<Classified> =>
  inSpan("classify", fieldsOf(event), async (note) => {
    const classified = await classifier.classify(event, Date.now() + CLASSIFY_MS);
    const { provider, model, cache, outcome, reason, attempts } = classified.call;
    note({ provider, model, cache, outcome, reason, attempts, severity: classified.classification.severity });
    return classified;
  });
