/**
 * Applies a source's map: any JSON becomes alerts in the generic form (contracts 3.3), still to be normalised. What
 * cannot be read of one alert never affects its neighbours.
 */
import { type Defect, err, ok, type Result } from "../result.ts";
import { MAX_ALERTS_PER_REQUEST, MAX_LABELS } from "./limits.ts";
import type { Scope } from "./source-expression.ts";
import { type Budget, MAX_TEXT_LENGTH, STEPS_SPENT } from "./source-limits.ts";
import type { Field, NamedFields, SourceMap } from "./source-map.ts";
import { textOf } from "./source-text.ts";

/** One alert in the generic form: labels and annotations are texts, the rest is as it was found. */
export interface RawAlert {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly status: unknown;
  readonly startsAt: unknown;
  readonly endsAt: unknown;
  readonly generatorURL: unknown;
}

export interface RawEntry {
  /** JSON pointer of its place in the (unpacked) body. */
  readonly path: string;
  /** Reads it; asked for one after the other, so that what the first need is not spent on the last. */
  readonly read: () => Result<RawAlert, Defect>;
}

/** Every alert of a body; the defect of the whole body has an empty path, that of an alert the path of its place. */
export const mapBody = (map: SourceMap, json: unknown, budget: Budget): Result<readonly RawEntry[], Defect> => {
  let body = json;
  for (const unpack of map.unpack) {
    const unpacked = unpack(body, budget);
    if (!unpacked.ok) return err({ path: "", message: unpacked.error });
    body = unpacked.value;
  }
  const list = map.list(body, budget);
  if (!list.ok) return err({ path: "", message: list.error });
  if (list.value.length > MAX_ALERTS_PER_REQUEST)
    return err({ path: "", message: `holds more than ${MAX_ALERTS_PER_REQUEST} alerts` });
  return ok(
    list.value.map(({ value, pointer: path }) => ({
      path,
      read: () => {
        const raw = budget.isSpent() ? err(STEPS_SPENT) : mapAlert(map, { alert: value, body }, budget);
        return raw.ok ? raw : err({ path, message: raw.error });
      },
    })),
  );
};

const mapAlert = (map: SourceMap, scope: Scope, budget: Budget): Result<RawAlert, string> => {
  const labels = readLabels(map.labels, scope, budget);
  if (!labels.ok) return labels;
  const annotations = readAnnotations(map.annotations, scope, budget);
  const found = new Map<Field, unknown>();
  for (const [field, read] of map.fields) {
    const value = read(scope, budget);
    if (!value.ok) return err(`${field}: ${value.error}`);
    found.set(field, value.value);
  }
  const isFiring = textOf(found.get("status"), budget)?.trim().toLowerCase() === "firing";
  if (budget.isSpent()) return err(STEPS_SPENT);
  return ok({
    labels: Object.fromEntries(labels.value),
    annotations: Object.fromEntries(annotations),
    status: found.get("status"),
    startsAt: found.get("starts_at"),
    endsAt: found.get(isFiring ? "expires_at" : "ends_at"),
    generatorURL: found.get("generator_url"),
  });
};

/** One thing after the other that a block of expressions gives; single fields come last and therefore win. */
function* readAll(named: NamedFields, scope: Scope, budget: Budget): Generator<Result<Found, Found<string>>> {
  for (const block of named.blocks) {
    const pairs = block(scope, budget);
    if (!pairs.ok) yield err({ name: `${named.key}_from`, value: pairs.error });
    else for (const [name, value] of pairs.value) yield ok({ name, value });
  }
  for (const [name, expression] of named.fields) {
    const value = expression(scope, budget);
    yield value.ok ? ok({ name, value: value.value }) : err({ name, value: value.error });
  }
}

interface Found<T = unknown> {
  readonly name: string;
  readonly value: T;
}

/** A label is identity: what cannot be read, is no text, or is too long keeps the alert out. */
const readLabels = (named: NamedFields, scope: Scope, budget: Budget): Result<ReadonlyMap<string, string>, string> => {
  const labels = new Map<string, string>();
  for (const found of readAll(named, scope, budget)) {
    if (!found.ok) return err(`${found.error.name}: ${found.error.value}`);
    const { name, value } = found.value;
    const text = textOf(value, budget);
    if (text === undefined) continue;
    if (text === null) return err(`the label ${name} is no text, number or boolean`);
    if (text.length > MAX_TEXT_LENGTH) return err(`the label ${name} is longer than ${MAX_TEXT_LENGTH} characters`);
    labels.set(name, text);
    if (labels.size > MAX_LABELS) return err(`there are more than ${MAX_LABELS} labels`);
    if (!budget.spend(text.length)) return err(STEPS_SPENT);
  }
  return ok(labels);
};

/** An annotation never keeps an alert out: no text is shown as JSON, a failure as its reason, and length is cut. */
const readAnnotations = (named: NamedFields, scope: Scope, budget: Budget): ReadonlyMap<string, string> => {
  const annotations = new Map<string, string>();
  for (const found of readAll(named, scope, budget)) {
    const { name, value } = found.ok ? found.value : found.error;
    const text = textOf(value, budget);
    const shown = text === null ? JSON.stringify(value) : text;
    if (shown === undefined) continue;
    if (!budget.spend(shown.length) || annotations.size >= MAX_LABELS) break;
    annotations.set(name, shown.slice(0, MAX_TEXT_LENGTH));
  }
  return annotations;
};
