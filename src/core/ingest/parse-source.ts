/**
 * From a body to alerts by way of a source: its map where it has one, else the known formats, then its rules for labels.
 * Ingest and preview both read with this, so a preview cannot differ from what happens.
 */
import type { Alert } from "../alert/alert.ts";
import { err, ok, type Result } from "../result.ts";
import { normalise } from "./normalise.ts";
import {
  countEntries,
  type Opened,
  openPrometheus,
  openWebhook,
  type Parsed,
  type ParseOptions,
  type Reject,
  type Remark,
  readDraft,
  refuseEmpty,
  refuseUnusable,
} from "./parse.ts";
import { nothingUsable, type Problem } from "./problem.ts";
import type { Source } from "./source.ts";
import { applySource, type DraftEntry, type SourceOutcome } from "./source-apply.ts";

/** Which address a body came to: `prometheus` is `/api/v2/alerts`, whose bodies have one form that no map changes. */
export type Endpoint = "webhook" | "prometheus";

/** Like parseBody and parsePrometheus, with the rules of a source applied in between. */
export const parseFromSource = (
  json: unknown,
  source: Source,
  endpoint: Endpoint,
  options: ParseOptions,
): Result<Parsed, Problem> => {
  const maps = endpoint === "webhook" && source.map !== null;
  const open = endpoint === "webhook" ? openWebhook : openPrometheus;
  const opened = maps ? ok(null) : openCounted(open(json), options.maxAlerts);
  if (!opened.ok) return opened;
  const timeoutSeconds = endpoint === "webhook" ? options.webhookResolveTimeoutSeconds : options.resolveTimeoutSeconds;
  const outcomes = applySource(maps ? source : { ...source, map: null }, json, {
    detect: () => ok(opened.value === null ? [] : entriesOf(opened.value)),
    skips: (draft) => draft.status === "pending" && options.pending === "skip",
    normalise: (draft, path) => normalise(draft, path, { now: options.now, timeoutSeconds }),
  });
  if (!outcomes.ok) return nothingUsable(`the source ${source.name} finds no alerts in it`, [outcomes.error]);
  const { truncatedAlerts = 0, upstream = null, groupMeta = null } = opened.value?.envelope ?? {};
  const format = opened.value?.format.name ?? "generic";
  const parsed = refuseUnusable({ format, ...sortOutcomes(outcomes.value), truncatedAlerts, upstream, groupMeta });
  return endpoint === "webhook" ? refuseEmpty(parsed) : parsed;
};

const openCounted = (opened: Result<Opened, Problem>, maxAlerts: number | undefined): Result<Opened, Problem> => {
  if (!opened.ok) return opened;
  const counted = countEntries(opened.value.envelope, maxAlerts);
  return counted.ok ? opened : err(counted.error);
};

const entriesOf = ({ format, envelope }: Opened): readonly DraftEntry[] =>
  envelope.sections.flatMap((section) =>
    section.entries.map((entry, position) => {
      const path = section.pathOf(position);
      return { path, read: () => readDraft(format, entry, path, section, envelope) };
    }),
  );

const sortOutcomes = (outcomes: readonly SourceOutcome[]) => {
  const alerts: { alert: Alert; index: number }[] = [];
  const rejects: Reject[] = [];
  const dropped: Remark[] = [];
  const notes: Remark[] = [];
  outcomes.forEach((outcome, index) => {
    const { path } = outcome;
    if (outcome.kind === "accepted") {
      alerts.push({ alert: outcome.alert, index });
      for (const text of outcome.notes) notes.push({ index, path, text });
    } else if (outcome.kind === "rejected") {
      rejects.push({ index, path: outcome.defect.path, error: outcome.defect.message });
    } else if (outcome.kind === "dropped") dropped.push({ index, path, text: outcome.reason });
  });
  const skipped = outcomes.filter(({ kind }) => kind === "skipped").length;
  return { alerts, rejects, dropped, notes, skipped, received: outcomes.length };
};
