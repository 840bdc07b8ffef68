import { describe, expect, it } from "vitest";
import { createBudget } from "../../../src/core/ingest/source-limits.ts";
import { compileValidation, findFailures, validationSchema } from "../../../src/core/ingest/validate.ts";

const compile = (rule: unknown) => compileValidation(validationSchema.parse(rule));

const check = (rule: unknown, labels: Readonly<Record<string, string>>) => {
  const compiled = compile(rule);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return findFailures([compiled.value], new Map(Object.entries(labels)), createBudget());
};

describe("rules", () => {
  it.each<[sentence: string, rule: unknown, labels: Readonly<Record<string, string>>, messages: readonly string[]]>([
    ["a label that is there is fine", { required: ["team"] }, { team: "a" }, []],
    ["a missing label is named", { required: ["team", "env"] }, { env: "p" }, ["label team is missing"]],
    ["an empty label is a missing one", { required: ["team"] }, { team: "" }, ["label team is missing"]],
    ["an inherited name is no label", { required: ["constructor"] }, {}, ["label constructor is missing"]],
    ["a listed value is fine", { allowed: { env: ["prod", "dev"] } }, { env: "dev" }, []],
    ["numbers in the list are texts", { allowed: { port: [80, 443] } }, { port: "443" }, []],
    [
      "another value is shown beside the list",
      { allowed: { env: ["prod", "dev"] } },
      { env: "PROD" },
      ['label env is "PROD", which is not one of "prod, dev"'],
    ],
    ["a missing label has no value to judge", { allowed: { env: ["prod"] } }, {}, []],
    ["a regex must match the whole value", { allowed: { env: "prod-[0-9]+" } }, { env: "prod-12" }, []],
    [
      "a regex is anchored",
      { allowed: { env: "prod" } },
      { env: "prod-12" },
      ['label env is "prod-12", which does not match "prod"'],
    ],
    [
      "every broken demand of a rule is told",
      { required: ["team"], allowed: { env: ["prod"], tier: "[0-3]" } },
      { env: "x", tier: "4" },
      [
        "label team is missing",
        'label env is "x", which is not one of "prod"',
        'label tier is "4", which does not match "[0-3]"',
      ],
    ],
  ])("%s", (_, rule, labels, messages) => {
    expect(check(rule, labels).flatMap((failure) => failure.messages)).toEqual(messages);
  });

  it("say what is to happen, and lose nothing unless told to", () => {
    expect(check({ required: ["a"] }, {})[0]?.onFail).toBe("tag");
    expect(check({ required: ["a"], on_fail: "reject" }, {})[0]?.onFail).toBe("reject");
    expect(check({ required: ["a"], on_fail: "accept" }, {})[0]?.onFail).toBe("accept");
  });
});

it("refuses a rule that demands nothing, an unknown choice and a bad regex", () => {
  expect(validationSchema.safeParse({}).success).toBe(false);
  expect(validationSchema.safeParse({ required: ["a"], on_fail: "drop" }).success).toBe(false);
  expect(compile({ allowed: { "a/b": "(" } })).toMatchObject({ ok: false, error: { path: "/allowed/a~1b" } });
});
