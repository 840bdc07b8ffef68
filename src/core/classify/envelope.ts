/** Finds the answer inside what an endpoint sent back; what the answer says is not judged here. */
import { err, ok, type Result } from "../result.ts";
import { TOOL_NAME, type Wire } from "./prompt.ts";

export interface Unwrapped {
  readonly content: Result<unknown, { readonly reason: "not_json" | "invalid_answer" }>;
  readonly words: string | null;
  readonly usage: { readonly promptTokens: number | null; readonly completionTokens: number | null };
}

/** `body` is the answer's text, for the Workers AI binding the JSON of what `run` returned. */
export function unwrapAnswer(wire: Wire, body: string): Unwrapped {
  const parsed = parse(body);
  if (!parsed.ok) return { content: parsed, words: body, usage: { promptTokens: null, completionTokens: null } };
  const found = FIND[wire](parsed.value);
  const usage = field(parsed.value, "usage");
  return {
    content:
      typeof found === "string" ? parseWords(found) : found === null ? err({ reason: "invalid_answer" }) : ok(found),
    words: typeof found === "string" ? found : found === null ? null : JSON.stringify(found),
    usage: {
      promptTokens: count(field(usage, "prompt_tokens")),
      completionTokens: count(field(usage, "completion_tokens")),
    },
  };
}

/** The answer as text to parse or as an object; null where the envelope holds none. */
type Found = string | object | null;

const FIND: Readonly<Record<Wire, (body: unknown) => Found>> = {
  openai: findInChoices,
  simple: findPlain,
  workers_ai: findInResponse,
};

function findInChoices(body: unknown): Found {
  const message = field(first(field(body, "choices")), "message");
  const call = field(first(field(message, "tool_calls")), "function");
  if (field(call, "name") === TOOL_NAME) return textOrObject(field(call, "arguments"));
  const content = field(message, "content");
  if (!Array.isArray(content)) return textOrObject(content);
  const parts = content.map((part) => field(part, "text"));
  return parts.filter((part) => typeof part === "string").join("");
}

function findInResponse(body: unknown): Found {
  if (Array.isArray(field(body, "choices"))) return findInChoices(body);
  const call = first(field(body, "tool_calls"));
  if (field(call, "name") === TOOL_NAME) return textOrObject(field(call, "arguments"));
  return textOrObject(field(body, "response"));
}

function findPlain(body: unknown): Found {
  const answer = field(body, "classification") ?? body;
  if (typeof answer !== "object" || answer === null) return null;
  const recommendations = ["recommendations", "action_items", "suggestions"]
    .map((name) => field(answer, name))
    .find((value) => value !== undefined);
  return { ...answer, recommendations };
}

/**
 * JSON as the whole text or as its one fenced block. JSON inside prose is not looked for: a model that quotes the alert
 * would let the alert answer in its place.
 */
function parseWords(words: string): Result<unknown, { readonly reason: "not_json" }> {
  const fenced = /^```(?:json)?\s*([\s\S]*?)\s*```$/i.exec(words.trim());
  return parse(fenced?.[1] ?? words);
}

function parse(text: string): Result<unknown, { readonly reason: "not_json" }> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err({ reason: "not_json" });
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);
const textOrObject = (value: unknown): Found =>
  typeof value === "string" || (typeof value === "object" && value !== null) ? value : null;
const count = (value: unknown): number | null =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
