/** Asks any OpenAI-compatible endpoint, or one that speaks the simple wire. Follows no redirect, reads 64 KiB at most. */
import { openaiBody, simpleBody } from "../core/classify/prompt.ts";
import { MAX_ANSWER_BYTES } from "../core/classify/read.ts";
import { failureOfStatus } from "../core/classify/retry.ts";
import { err, ok } from "../core/result.ts";
import { type ModelProvider, tooLargeFailure } from "./classifier-provider.ts";

export interface OpenaiConfig {
  readonly provider: "openai";
  /** With or without `/v1` at its end. */
  readonly baseUrl: string;
  readonly model: string;
  readonly wire: "openai" | "simple";
  readonly apiKey: string | null;
  /** `Authorization` carries `Bearer <key>`, any other header the bare key. */
  readonly authHeader: string;
}

export function openaiProvider(config: OpenaiConfig): ModelProvider {
  const base = config.baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "");
  const url = config.wire === "openai" ? `${base}/v1/chat/completions` : `${base}/classify`;
  return {
    name: "openai",
    wire: config.wire,
    model: config.model,
    secrets: config.apiKey ? [config.apiKey] : [],
    async ask(question, signal) {
      const body = JSON.stringify(config.wire === "openai" ? openaiBody(question) : simpleBody(question));
      const response = await fetch(url, { method: "POST", headers: headers(config), body, redirect: "manual", signal });
      if (!response.ok) {
        discard(response);
        return err(failureOfStatus(response.status, response.headers.get("retry-after"), Date.now()));
      }
      const text = await readCapped(response, MAX_ANSWER_BYTES);
      return text === null ? err(tooLargeFailure(response.status)) : ok({ statusCode: response.status, body: text });
    },
  };
}

function headers(config: OpenaiConfig): Record<string, string> {
  const plain = { "content-type": "application/json", accept: "application/json" };
  if (!config.apiKey) return plain;
  const bearer = config.authHeader.toLowerCase() === "authorization";
  return { ...plain, [config.authHeader]: bearer ? `Bearer ${config.apiKey}` : config.apiKey };
}

/** The body as text, or null as soon as it is longer than `max` bytes, counted after decompression. */
async function readCapped(response: Response, max: number): Promise<string | null> {
  if (!response.body) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > max) {
      reader.cancel().catch(() => {});
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** An unread body would keep its connection; a failing cancel changes nothing for us. */
const discard = (response: Response): void => {
  response.body?.cancel().catch(() => {});
};
