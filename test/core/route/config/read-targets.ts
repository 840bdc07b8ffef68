/** Reads a document and its targets as the Worker does: whatever a receiver becomes must be a valid target. */
import { type ReadConfig, readConfig } from "../../../../src/core/route/config.ts";
import type { Target } from "../../../../src/core/route/target.ts";
import { readTarget } from "../../../../src/core/route/target-read.ts";

const parseUrl = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

export const readValid = (text: string): ReadConfig => {
  const read = readConfig(text);
  if (!read.ok)
    throw new Error(read.error.map((one) => `${one.line}:${one.column} ${one.path} ${one.message}`).join("\n"));
  return read.value;
};

export const readTargets = (text: string): readonly Target[] =>
  readValid(text).targets.map(({ json, path }) => {
    const target = readTarget(json, { parseUrl });
    if (!target.ok) throw new Error(`${path}: ${target.error.reason} ${target.error.detail}`);
    return target.value;
  });

/** `path message` of every warning. */
export const warningsOf = (text: string): string[] =>
  readValid(text).warnings.map(({ path, message }) => `${path} ${message}`);
