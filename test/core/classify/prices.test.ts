import { describe, expect, test } from "vitest";
import { priceOf, spentOn } from "../../../src/core/classify/prices.ts";

const used = (model: string, prompt_tokens: number, completion_tokens: number) => ({
  model,
  calls: 10,
  prompt_tokens,
  completion_tokens,
});

describe("the price of a model", () => {
  test("is that of its list, with the date", () => {
    expect(priceOf("gpt-4o-mini")).toMatchObject({ input: 0.15, output: 0.6, asOf: expect.stringMatching(/^20\d\d-/) });
  });
  test("is the same for a snapshot of it", () => {
    expect(priceOf("gpt-4o-2024-08-06")).toEqual(priceOf("gpt-4o"));
  });
  test("is unknown for any other, also one whose name begins alike", () => {
    expect(["gpt-4o-mini-search-preview", "llama3", ""].map(priceOf)).toEqual([null, null, null]);
  });
});

describe("what questions cost", () => {
  const asked = [used("gpt-4o", 1_000_000, 100_000), used("our-own-model", 1_000_000, 0)];

  test("leaves out and names the models without a price", () => {
    expect(spentOn(asked, null)).toEqual({
      usd: 3.5,
      calls: 10,
      unknown: ["our-own-model"],
      asOf: priceOf("gpt-4o")?.asOf,
    });
  });
  test("is counted at what somebody says they pay, for every model", () => {
    expect(spentOn(asked, { input: 1, output: 10 })).toEqual({ usd: 3, calls: 20, unknown: [], asOf: null });
  });
  test("does not miss a price where no token was used", () => {
    expect(spentOn([used("rules", 0, 0)], null)).toEqual({ usd: 0, calls: 0, unknown: [], asOf: null });
  });
});
