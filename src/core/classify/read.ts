/**
 * What a model's answer says, read strictly and limited in every field (contracts 5.2, "Reading"). It knows no field that
 * could name an address, and its texts come out without links, credentials and invisible characters.
 */
import * as z from "zod";
import { SEVERITIES, type Severity } from "../alert/severity.ts";
import { err, ok, type Result } from "../result.ts";
import { CATEGORIES, type Category } from "./classification.ts";
import { maskCredentials } from "./credentials.ts";
import { unwrapAnswer } from "./envelope.ts";
import type { Wire } from "./prompt.ts";
import { cut, firstWords } from "./text.ts";

/** Bytes of an answer that are read at all; 1000 tokens are about 4 KiB. */
export const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REASONING = 2000;
const MAX_RECOMMENDATIONS = 10;
const MAX_RECOMMENDATION = 500;
const MAX_TAGS = 10;
const MAX_TAG = 50;
/** Characters of the model's own words that are recorded. */
const MAX_RECORDED = 4000;

export interface ModelAnswer {
  readonly severity: Severity;
  readonly category: Category;
  readonly confidence: number;
  readonly reasoning: string;
  readonly recommendations: readonly string[];
  readonly tags: readonly string[];
}

export interface AnswerRead {
  readonly answer: Result<ModelAnswer, { readonly reason: "too_large" | "not_json" | "invalid_answer" }>;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** The model's words for the record, masked and cut; null where none were found. */
  readonly words: string | null;
}

/**
 * Reads the body of an answer. `secrets` are strings that must not come out again, such as the key the endpoint was
 * called with: a hostile one knows it.
 */
export function readAnswer(wire: Wire, body: string, secrets: readonly string[] = []): AnswerRead {
  const nothing = { promptTokens: null, completionTokens: null, words: null };
  if (body.length > MAX_ANSWER_BYTES) return { ...nothing, answer: err({ reason: "too_large" }) };
  const unwrapped = unwrapAnswer(wire, body);
  const words = unwrapped.words === null ? null : clean(unwrapped.words, MAX_RECORDED, secrets);
  const common = { ...unwrapped.usage, words };
  if (!unwrapped.content.ok) return { ...common, answer: unwrapped.content };
  const parsed = answerSchema(wire).safeParse(unwrapped.content.value);
  if (!parsed.success) return { ...common, answer: err({ reason: "invalid_answer" }) };
  const { reasoning, recommendations, tags, ...judged } = parsed.data;
  const texts = (values: readonly string[], count: number, max: number): string[] =>
    values
      .slice(0, count)
      .map((value) => clean(value, max, secrets))
      .filter((value) => value !== "");
  return {
    ...common,
    answer: ok({
      ...judged,
      reasoning: clean(reasoning, MAX_REASONING, secrets),
      recommendations: texts(recommendations, MAX_RECOMMENDATIONS, MAX_RECOMMENDATION),
      tags: texts(tags, MAX_TAGS, MAX_TAG),
    }),
  };
}

const word = z.string().transform((text) => text.trim().toLowerCase());
/** The simple wire also counts severities from 1. */
const BY_NUMBER: readonly Severity[] = ["noise", "info", "warning", "critical"];
const severityWord = word.pipe(z.enum(SEVERITIES));
const severityNumber = z
  .int()
  .min(1)
  .max(BY_NUMBER.length)
  .transform((number) => BY_NUMBER[number - 1]!);
const strings = z
  .array(z.unknown())
  .transform((values) => values.filter((value) => typeof value === "string"))
  .catch([]);

const fields = {
  category: word.pipe(z.enum(CATEGORIES)).catch("other"),
  /** Some models answer in percent. */
  confidence: z.number().catch(0.5).transform(clampConfidence),
  reasoning: z.string().catch(""),
  recommendations: strings,
  tags: strings,
};
const plainSchema = z.object({ severity: severityWord, ...fields });
const simpleSchema = z.object({ severity: z.union([severityWord, severityNumber]), ...fields });
const answerSchema = (wire: Wire) => (wire === "simple" ? simpleSchema : plainSchema);

function clampConfidence(value: number): number {
  if (value > 1 && value <= 100) return value / 100;
  return Math.min(1, Math.max(0, value));
}

/** Markdown links, anything with a scheme, and what browsers and chats read as one. */
const LINKS =
  /!?\[([^\]]{0,200})\]\([^)\s]{0,2000}\)?|<?[\w+.-]{0,64}:\/\/\S*|\b(?:javascript|data|vbscript|mailto|tel):\S+|(?<![\w.])(?:\/\/|www\.)\S+/gi;

/** A text of the model as people may see it: a link in it could only have come from the alert or from imagination. */
function clean(text: string, max: number, secrets: readonly string[]): string {
  // Twice the limit is looked at: masking shortens.
  const masked = maskCredentials(firstWords(text, 2 * max), secrets);
  return cut(masked.replace(LINKS, (_link, label?: string) => label || "[link removed]").trim(), max);
}
