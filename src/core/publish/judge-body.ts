/** What the body of each provider adds to the status (contracts 10.2 and targets.md 2 to 8). Judging itself is judge.ts. */
import { type BodyRule, type Verdict, verdictOf } from "./judge.ts";
import type { FailureReason } from "./outcome.ts";

const MAX_NOTE = 200;

const fieldOf = (json: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined),
    json,
  );

/** A text or whole number of the body, as text; null for anything else. */
export const textAt = (json: unknown, ...path: readonly string[]): string | null => {
  const value = fieldOf(json, ...path);
  if (typeof value === "string") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : null;
};

const isOk = (status: number): boolean => status >= 200 && status < 300;

const gone = (what: string): Verdict => ({
  kind: "delivered",
  gone: true,
  note: `${what}: opened anew`.slice(0, MAX_NOTE),
});

/** Incoming webhook: only the plain text `ok` is success. */
export const slackWebhookBody: BodyRule = ({ status, body }) =>
  isOk(status) && body.trim() !== "ok" ? { kind: "rejected", reason: "rejected" } : null;

const SLACK_RETRY: ReadonlyMap<string, FailureReason> = new Map([
  ["ratelimited", "rate_limited"],
  ["rate_limited", "rate_limited"],
  ["internal_error", "server_error"],
  ["fatal_error", "server_error"],
  ["service_unavailable", "server_error"],
  ["request_timeout", "timeout"],
]);
const SLACK_AUTH = new Set([
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "missing_scope",
]);
const SLACK_CHANNEL = new Set(["channel_not_found", "not_in_channel", "is_archived", "restricted_action"]);
const SLACK_GONE = new Set(["message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"]);

/** Web API: the status says nothing, `ok` and `error` do. A message that is gone is told anew. */
export const slackBotBody: BodyRule = ({ status }, json) => {
  if (!isOk(status)) return null;
  if (fieldOf(json, "ok") === true) return null;
  const error = textAt(json, "error");
  // No JSON, or JSON without a verdict, is a proxy's page and not Slack's answer.
  if (error === null) return { kind: "retry", reason: "server_error" };
  if (SLACK_GONE.has(error)) return gone(error);
  if (SLACK_AUTH.has(error)) return { kind: "rejected", reason: "auth", unhealthy: true };
  const reason = SLACK_RETRY.get(error);
  if (reason !== undefined) return { kind: "retry", reason };
  return { kind: "rejected", reason: "rejected", unhealthy: SLACK_CHANNEL.has(error) };
};

/** The old connectors, and some gateways before Teams, answer 200 with the failure as text. */
export const teamsBody: BodyRule = ({ status, body }) => {
  const code = /endpoint returned HTTP error (\d{3})/i.exec(body.slice(0, 4096))?.[1];
  return isOk(status) && code !== undefined && !isOk(Number(code)) ? verdictOf(Number(code)) : null;
};

const DISCORD_UNKNOWN_MESSAGE = "10008";

/** `editing`: the call changes a message, whose loss is no fault of the target. A webhook that is gone stays gone. */
export const discordBody =
  (editing: boolean): BodyRule =>
  ({ status }, json) => {
    if (status !== 404) return null;
    if (editing && textAt(json, "code") === DISCORD_UNKNOWN_MESSAGE) return gone("unknown message");
    return { kind: "rejected", reason: "client_error", unhealthy: true };
  };

/** A group that became a supergroup has a new id, and a text that already stands there is no failure. */
export const telegramBody: BodyRule = ({ status }, json) => {
  const description = textAt(json, "description") ?? "";
  if (isOk(status)) return fieldOf(json, "ok") === false ? { kind: "rejected", reason: "rejected" } : null;
  if (status === 404) return { kind: "rejected", reason: "auth", unhealthy: true };
  if (status !== 400) return null;
  const moved = textAt(json, "parameters", "migrate_to_chat_id");
  if (moved !== null) {
    return {
      kind: "delivered",
      receipt: { moved_to: moved },
      note: `the group is now chat ${moved}: set it as channel`,
    };
  }
  if (/message is not modified/i.test(description)) return { kind: "delivered" };
  if (/message (?:to edit|to be replied|can't be edited)/i.test(description)) return gone("message not found");
  return { kind: "rejected", reason: "client_error", unhealthy: /chat not found/i.test(description) };
};

/** A key that PagerDuty does not know is a broken target, though it says 400. */
export const pagerdutyBody: BodyRule = ({ status, body }) =>
  status === 400 && /routing.?key/i.test(body) ? { kind: "rejected", reason: "auth", unhealthy: true } : null;

/** `resolve`: already resolved (409) is success. `update`: an id that is gone (404) is opened anew. */
export const rootlyBody =
  (call: "create" | "update" | "resolve"): BodyRule =>
  ({ status }) => {
    if (call === "resolve" && status === 409) return { kind: "delivered", note: "was resolved already" };
    if (call === "update" && status === 404) return gone("unknown id");
    return null;
  };
