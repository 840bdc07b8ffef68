import { expect, test } from "vitest";
import { DETAILS, tell } from "../../../src/core/publish/story.ts";
import { alertOf, notificationOf } from "../../contract/notifications.ts";

const { classification } = alertOf();
const namesOf = (source: "llm" | "fallback"): string[] =>
  tell(notificationOf([alertOf({ classification: { ...classification!, source } })]), DETAILS[0]!).facts.map(
    ([name]) => name,
  );

test("only what a model said is told as a model's word", () => {
  expect(namesOf("llm")).toContain("AI Severity");
  expect(namesOf("fallback")).not.toContain("AI Severity");
  expect(namesOf("fallback")).toContain("Severity");
});
