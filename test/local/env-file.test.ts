import { describe, expect, test } from "vitest";
import { writeEnvFile } from "../../src/local/env-file.ts";

describe("the env file for wrangler", () => {
  test.each([
    ["a plain value", "abc", "X='abc'\n"],
    ["a value with a quote", "it's", "X=`it's`\n"],
    ["a value with two kinds of quotes", "it's `so`", `X="it's \`so\`"\n`],
    ["JSON", '[{"name":"a"}]', `X='[{"name":"a"}]'\n`],
    ["a dollar sign, which would be expanded", "a$HOME", "X='a\\$HOME'\n"],
  ])("takes %s", (_, value, text) => {
    expect(writeEnvFile({ X: value })).toEqual({ ok: true, value: text });
  });

  test.each([
    ["a line break, which would begin another variable", "a\nENVIRONMENT=production"],
    ["all three kinds of quotes", "'`\""],
  ])("refuses %s, by name", (_, value) => {
    expect(writeEnvFile({ A: "1", X: value })).toMatchObject({ ok: false, error: expect.stringMatching(/^X holds/) });
  });
});
