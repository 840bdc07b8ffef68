/**
 * Parameters of Alertmanager's API v2: which alerts a list shows. Nothing but its own texts come out of it, because its
 * clients show them as they are.
 */
import type { Labels } from "../alert/alert.ts";
import { type Matcher, matchesAll } from "../alert/matcher.ts";
import { parseMatcher } from "../alert/matcher-parse.ts";
import { compileRegex, type Regex } from "../alert/regex.ts";
import { err, ok, type Result } from "../result.ts";

export interface AlertQuery {
  readonly active: boolean;
  readonly silenced: boolean;
  readonly inhibited: boolean;
  readonly muted: boolean;
  readonly matchers: readonly Matcher[];
  readonly receiver: Regex | null;
}

/** Words that Alertmanager takes for true. */
const TRUE = new Set(["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"]);

const flag = (parameters: readonly (readonly [string, string])[], name: string): boolean => {
  const given = parameters.findLast(([key]) => key === name)?.[1];
  return given === undefined || given === "" ? true : TRUE.has(given.toLowerCase());
};

/** The repeated parameter `filter`: one matcher each. */
export const readFilters = (parameters: readonly (readonly [string, string])[]): Result<readonly Matcher[], string> => {
  const matchers: Matcher[] = [];
  for (const [name, value] of parameters) {
    if (name !== "filter") continue;
    const matcher = parseMatcher(value);
    if (!matcher.ok) return err(`bad matcher format: ${value}: ${matcher.error.message}`);
    matchers.push(matcher.value);
  }
  return ok(matchers);
};

export const readAlertQuery = (parameters: readonly (readonly [string, string])[]): Result<AlertQuery, string> => {
  const matchers = readFilters(parameters);
  if (!matchers.ok) return matchers;
  const receiver = parameters.findLast(([name]) => name === "receiver")?.[1];
  const regex = receiver === undefined || receiver === "" ? null : compileRegex(receiver);
  if (regex !== null && !regex.ok) return err(`failed to parse receiver param: ${regex.error}`);
  return ok({
    active: flag(parameters, "active"),
    silenced: flag(parameters, "silenced"),
    inhibited: flag(parameters, "inhibited"),
    muted: flag(parameters, "muted"),
    matchers: matchers.value,
    receiver: regex === null ? null : regex.value,
  });
};

export interface AlertStanding {
  readonly labels: Labels;
  readonly receivers: readonly string[];
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
}

export const isSuppressed = ({ silencedBy, inhibitedBy, mutedBy }: AlertStanding): boolean =>
  silencedBy.length > 0 || inhibitedBy.length > 0 || mutedBy.length > 0;

/** Whether a list shows an alert. */
export const isWanted = (query: AlertQuery, alert: AlertStanding): boolean =>
  matchesAll(query.matchers, alert.labels) &&
  (query.receiver === null || alert.receivers.some((name) => query.receiver?.test(name) === true)) &&
  (query.active || isSuppressed(alert)) &&
  (query.silenced || alert.silencedBy.length === 0) &&
  (query.inhibited || alert.inhibitedBy.length === 0) &&
  (query.muted || alert.mutedBy.length === 0);

/** A silence is shown by a filter where each matcher holds for one of the silence's own, value for value. */
export const silenceMatches = (
  filters: readonly Matcher[],
  matchers: readonly { readonly name: string; readonly value: string; readonly operator: string }[],
): boolean => filters.every((filter) => matchers.some(({ name, value }) => name === filter.name && filter.test(value)));
