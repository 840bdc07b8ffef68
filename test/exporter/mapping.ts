/** Secrets as tests write them, and what they are mapped to. */
import type { TargetDefect } from "../../src/core/route/target.ts";
import { mapSecret } from "../../src/exporter/map.ts";
import { readSecret, type SecretRecord } from "../../src/exporter/secret.ts";

export const options = { parseUrl: (text: string) => URL.parse(text) };
export const KEY = "0123456789abcdef0123456789abcdef";
export const HOOK = "https://hook.example.com/in";
export const base64 = (text: string): string => Buffer.from(text).toString("base64");
export const json = (value: unknown): string => JSON.stringify(value);

export const secret = (stringData: Record<string, string>, labels: Record<string, string> = {}): SecretRecord => {
  const read = readSecret({ metadata: { name: "from-secret", namespace: "alerts", labels }, stringData }, "default");
  if (read === null) throw new Error("not a Secret");
  return read;
};
export const map = (stringData: Record<string, string>, labels: Record<string, string> = {}) => {
  const read = mapSecret(secret(stringData, labels), options);
  if (!read.ok) throw new Error(`${read.error.reason}: ${read.error.detail}`);
  return read.value;
};
export const defect = (stringData: Record<string, string>): TargetDefect => {
  const read = mapSecret(secret(stringData), options);
  if (read.ok) throw new Error("it was read");
  return read.error;
};
