/** From a body's JSON to alerts, skips and rejects: finds the format and applies its rules and the common ones. */
import type { Alert, IngestFormat, Labels, Millis, UpstreamGroup } from "../alert/alert.ts";
import { type Defect, err, ok, type Result } from "../result.ts";
import { alertmanager } from "./alertmanager.ts";
import type { Body, Draft, Envelope, GroupMeta, InputFormat, Section } from "./format.ts";
import { genericList, genericSingle, genericWrapped } from "./generic.ts";
import { grafana } from "./grafana.ts";
import { isObject } from "./json.ts";
import { MAX_ALERTS_PER_REQUEST } from "./limits.ts";
import { type NormaliseOptions, normalise } from "./normalise.ts";
import { malformed, nothingUsable, type Problem, tooLarge } from "./problem.ts";
import { prometheusApi, prometheusPost, prometheusV1, prometheusV2 } from "./prometheus.ts";

/** In the order of contracts 3.1: the first that detects a body as its own reads it. */
const FORMATS: readonly InputFormat[] = [
  prometheusV1,
  genericList,
  prometheusApi,
  prometheusV2,
  grafana,
  alertmanager,
  genericWrapped,
  genericSingle,
];

export interface ParseOptions {
  /** When the request arrived. */
  readonly now: Millis;
  /** Whether a pending Prometheus alert counts as nothing yet, or as firing. */
  readonly pending: "skip" | "firing";
  /** See NormaliseOptions. */
  readonly dropLabels?: readonly string[];
  readonly addLabels?: Labels;
  /** After how many seconds without a repeat a firing alert of `/api/v2/alerts`, or of a webhook, ends. 0: never. */
  readonly resolveTimeoutSeconds: number;
  readonly webhookResolveTimeoutSeconds: number;
  /** May only lower MAX_ALERTS_PER_REQUEST. */
  readonly maxAlerts?: number;
}

/** received = alerts + rejects + dropped + skipped; an index counts the alerts of the body from 0, in its order. */
export interface Parsed {
  readonly format: IngestFormat;
  /** Two of them may have the same fingerprint; they are to be applied in order. */
  readonly alerts: readonly { readonly alert: Alert; readonly index: number }[];
  readonly rejects: readonly Reject[];
  /** Taken by a rule of the source: wanted, and no error. */
  readonly dropped: readonly Remark[];
  /** What the source's rules say of accepted alerts. */
  readonly notes: readonly Remark[];
  readonly skipped: number;
  readonly received: number;
  readonly truncatedAlerts: number;
  readonly upstream: UpstreamGroup | null;
  readonly groupMeta: GroupMeta | null;
}

export interface Reject {
  readonly index: number;
  /** JSON pointer into the body. */
  readonly path: string;
  readonly error: string;
}

/** A word on one alert that is no reason to reject it. */
export interface Remark {
  readonly index: number;
  readonly path: string;
  readonly text: string;
}

/**
 * The alerts of a webhook body in whatever format it has. One bad alert never affects its neighbours. A problem when
 * the body is no container, holds too many alerts, or holds none that can be stored or was skipped.
 */
export const parseBody = (json: unknown, options: ParseOptions): Result<Parsed, Problem> => {
  const opened = openWebhook(json);
  if (!opened.ok) return opened;
  const timeoutSeconds = options.webhookResolveTimeoutSeconds;
  return refuseEmpty(readAlerts(opened.value, { ...options, timeoutSeconds }));
};

/** A webhook without a single alert in it is a mistake of its sender. */
export const refuseEmpty = (parsed: Result<Parsed, Problem>): Result<Parsed, Problem> => {
  if (!parsed.ok || parsed.value.received > 0) return parsed;
  return nothingUsable("the body holds no alerts", [{ path: "", message: "no alerts" }]);
};

/** A body whose format is known. */
export interface Opened {
  readonly format: Reader;
  readonly envelope: Envelope;
}

/** Finds the format of a webhook body. */
export const openWebhook = (json: unknown): Result<Opened, Problem> => {
  if (!isBody(json)) return malformed("neither a JSON object nor an array");
  const format = FORMATS.find((candidate) => candidate.detects(json));
  if (format !== undefined) return ok({ format, envelope: format.open(json) });
  return nothingUsable("no known alert format", [
    { path: "", message: "neither alerts, labels nor a name of an alert" },
  ]);
};

/** A body of `POST /api/v2/alerts`, which must be an array. */
export const openPrometheus = (json: unknown): Result<Opened, Problem> =>
  Array.isArray(json)
    ? ok({ format: prometheusPost, envelope: prometheusPost.open(json) })
    : malformed("not an array of alerts");

/** The alerts of `POST /api/v2/alerts` (contracts 3.4). The body must be an array; an empty one is fine. */
export const parsePrometheus = (json: unknown, options: ParseOptions): Result<Parsed, Problem> => {
  const opened = openPrometheus(json);
  const timeoutSeconds = options.resolveTimeoutSeconds;
  return opened.ok ? readAlerts(opened.value, { ...options, timeoutSeconds }) : opened;
};

const isBody = (json: unknown): json is Body => Array.isArray(json) || isObject(json);

type Reader = Omit<InputFormat, "detects">;
type ReadOptions = Pick<ParseOptions, "pending" | "maxAlerts"> & NormaliseOptions;

/** How many entries a body holds, or the problem of too many. */
export const countEntries = ({ sections }: Envelope, wanted: number | undefined): Result<number, Problem> => {
  const received = sections.reduce((sum, { entries }) => sum + entries.length, 0);
  const maxAlerts = Math.min(wanted ?? MAX_ALERTS_PER_REQUEST, MAX_ALERTS_PER_REQUEST);
  if (received > maxAlerts) return tooLarge(`the body holds ${received} alerts, at most ${maxAlerts} are accepted`);
  return ok(received);
};

const readAlerts = ({ format, envelope }: Opened, options: ReadOptions): Result<Parsed, Problem> => {
  const { sections, truncatedAlerts, upstream, groupMeta } = envelope;
  const counted = countEntries(envelope, options.maxAlerts);
  if (!counted.ok) return counted;
  const received = counted.value;

  const alerts: { alert: Alert; index: number }[] = [];
  const rejects: Reject[] = [];
  let skipped = 0;
  let index = 0;
  for (const section of sections) {
    for (let position = 0; position < section.entries.length; position++, index++) {
      const path = section.pathOf(position);
      const draft = readDraft(format, section.entries[position], path, section, envelope);
      if (draft.ok && draft.value.status === "pending" && options.pending === "skip") {
        skipped++;
        continue;
      }
      const result = draft.ok ? normalise(draft.value, path, options) : draft;
      if (result.ok) alerts.push({ alert: result.value, index });
      else rejects.push({ index, path: result.error.path, error: result.error.message });
    }
  }
  return refuseUnusable({
    format: format.name,
    alerts,
    rejects,
    dropped: [],
    notes: [],
    skipped,
    received,
    truncatedAlerts,
    upstream,
    groupMeta,
  });
};

/** What was read, unless every alert of it was rejected. */
export const refuseUnusable = (parsed: Parsed): Result<Parsed, Problem> => {
  const { received, rejects } = parsed;
  if (received === 0 || rejects.length < received) return ok(parsed);
  const errors = rejects.map(({ path, error }): Defect => ({ path, message: error }));
  return nothingUsable(`none of the ${received} alerts can be stored`, errors);
};

export const readDraft = (
  format: Reader,
  entry: unknown,
  path: string,
  section: Section,
  envelope: Envelope,
): Result<Draft, Defect> =>
  isObject(entry) ? format.read(entry, path, section, envelope) : err({ path, message: "an alert must be an object" });
