/** Real bodies of senders that are none of the known formats become right alerts by configuration alone. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readSources } from "../../../src/core/ingest/source.ts";
import { applySource, type SourceOutcome } from "../../../src/core/ingest/source-apply.ts";
import { readersAt } from "./source-readers.ts";

interface Case {
  readonly case: string;
  /** When the body arrives; a while after its times. */
  readonly now?: string;
  readonly body: unknown;
  readonly expected: readonly unknown[];
}

const FOLDER = new URL("../../fixtures/senders/", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, FOLDER), "utf8");
const SENDERS = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));

const time = (millis: number | null) => (millis === null ? null : new Date(millis).toISOString());

const show = (outcome: SourceOutcome): unknown => {
  if (outcome.kind === "dropped") return { dropped: outcome.reason };
  if (outcome.kind === "rejected") return { rejected: outcome.stage, message: outcome.defect.message };
  if (outcome.kind === "skipped") return "skipped";
  const { labels, annotations, status, startsAt, endsAt, expiresAt, generatorURL } = outcome.alert;
  return {
    labels,
    annotations,
    status,
    startsAt: time(startsAt),
    endsAt: time(endsAt),
    ...(expiresAt !== null && { expiresAt: time(expiresAt) }),
    generatorURL,
    ...(outcome.notes.length > 0 && !("validation_failed" in annotations) && { notes: outcome.notes }),
  };
};

it("covers ten senders", () => {
  expect(SENDERS).toHaveLength(10);
});

describe.each(SENDERS)("%s", (file) => {
  const sources = readSources([parse(read(file.replace(".json", ".yaml")))]);
  it.each(JSON.parse(read(file)) as Case[])("$case", ({ body, now, expected }) => {
    if (!sources.ok) throw new Error(JSON.stringify(sources.error));
    const readers = readersAt(Date.parse(now ?? "2024-05-10T12:00:00Z"));
    const outcomes = applySource(sources.value[0], body, readers);
    expect(outcomes.ok && outcomes.value.map(show)).toEqual(expected);
  });
});
