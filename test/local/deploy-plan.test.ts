import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hadWorkersAi, planDeploy, productionConfig } from "../../src/local/deploy-plan.ts";

const toml = readFileSync("wrangler.toml", "utf8");

test("what has to be there is what wrangler.toml names", () => {
  expect(planDeploy(toml, null, {})).toEqual({
    ok: true,
    value: { database: "alert-history", queues: ["alerts", "notifications", "alerts-dead", "notifications-dead"] },
  });
});

test.each<[sentence: string, local: string, earlier: string | null, env: Record<string, string>]>([
  ["the environment lets targets be private", toml, null, { ALLOW_PRIVATE_TARGETS: "local" }],
  ["wrangler.toml does", toml.replace("[vars]", '[vars]\nALLOW_PRIVATE_TARGETS = "local"'), null, {}],
  ["an earlier deployment did", toml, '[vars]\nALLOW_PRIVATE_TARGETS = "local"', {}],
  ["it is no production", toml.replace('ENVIRONMENT = "production"', 'ENVIRONMENT = "local"'), null, {}],
])("nothing is deployed when %s", (_, local, earlier, env) => {
  expect(planDeploy(local, earlier, env).ok).toBe(false);
});

test("a comment about it stops nothing", () => {
  expect(planDeploy(`${toml}\n# ALLOW_PRIVATE_TARGETS = "local"`, null, {}).ok).toBe(true);
});

test("the configuration of an account differs in the database's id only", () => {
  const id = "11111111-2222-4333-8444-555555555555";
  const written = productionConfig(toml, id, false).split("\n").slice(1);
  const changed = toml.split("\n").flatMap((line, i) => (written[i] === line ? [] : [written[i]]));
  expect(changed).toEqual([`database_id = "${id}"`]);
});

test("Workers AI is bound where it is wanted, and stays from one deployment to the next", () => {
  const id = "11111111-2222-4333-8444-555555555555";
  const bound = productionConfig(toml, id, true);
  expect(bound).toBe(`${productionConfig(toml, id, false)}\n[ai]\nbinding = "AI"\n`);
  expect([bound, toml, null, "# [ai]"].map(hadWorkersAi)).toEqual([true, false, false, false]);
});
