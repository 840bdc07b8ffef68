/** Asks a model of Workers AI through its binding. Its errors carry a code in the text: `3040: …`. */
import { workersAiInput } from "../core/classify/prompt.ts";
import { MAX_ANSWER_BYTES } from "../core/classify/read.ts";
import { type CallFailure, failureOfStatus } from "../core/classify/retry.ts";
import { err, ok } from "../core/result.ts";
import { type ModelProvider, networkFailure, tooLargeFailure } from "./classifier-provider.ts";

/** The part of the `AI` binding that is used. */
export interface AiBinding {
  run(model: string, input: Record<string, unknown>, options?: { signal?: AbortSignal }): Promise<unknown>;
}

export interface WorkersAiConfig {
  readonly provider: "workers_ai";
  readonly model: string;
  readonly ai: AiBinding;
}

export function workersAiProvider(config: WorkersAiConfig): ModelProvider {
  return {
    name: "workers_ai",
    wire: "workers_ai",
    model: config.model,
    secrets: [],
    async ask(question, signal) {
      let result: unknown;
      try {
        result = await config.ai.run(config.model, workersAiInput(question), { signal });
      } catch (error) {
        return err(failureOf(error instanceof Error ? error.message : ""));
      }
      const body = JSON.stringify(result) ?? "";
      return body.length > MAX_ANSWER_BYTES ? err(tooLargeFailure(null)) : ok({ statusCode: null, body });
    },
  };
}

/** developers.cloudflare.com/workers-ai/platform/errors: internal codes by the HTTP status they stand for. */
const STATUS_BY_CODE: ReadonlyMap<string, number> = new Map([
  ["3003", 400],
  ["3039", 400],
  ["5004", 400],
  ["5007", 404],
  ["3023", 403],
  ["3041", 403],
  ["5016", 403],
  ["5018", 403],
  ["3042", 404],
  ["5005", 405],
  ["5019", 405],
  ["3006", 413],
  ["3007", 504],
  ["3008", 504],
  ["3036", 429],
  ["3040", 429],
]);
/** The day's free allocation is used up: no repeat helps today. */
const OUT_OF_ALLOCATION = "3036";

function failureOf(message: string): CallFailure {
  if (/JSON mode/i.test(message)) {
    // Documented as a matter of chance: the same request often succeeds.
    return { ...networkFailure("the model found no JSON answer"), reason: "not_json" };
  }
  const code = /^(?:\w*Error: )?(\d{4})\b/.exec(message)?.[1];
  const status = code === undefined ? undefined : STATUS_BY_CODE.get(code);
  if (status === undefined) return { ...networkFailure("Workers AI failed"), reason: "server_error" };
  const failure = failureOfStatus(status, null, 0);
  return {
    ...failure,
    retryable: failure.retryable && code !== OUT_OF_ALLOCATION,
    error: `Workers AI error ${code}`,
  };
}
