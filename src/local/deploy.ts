/**
 * `npm run deploy`: to Cloudflare, with the account wrangler is logged in to. Creates the database and the queues that
 * are missing, migrates, deploys, asks `/readyz`, prints the address. With `-- --dry-run` it only says what it would do.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Plan, planDeploy, productionConfig } from "./deploy-plan.ts";
import { ROOT } from "./files.ts";

/** Beside wrangler.toml, because paths in it are relative; ignored by git, because the id in it is the account's. */
const PRODUCTION = "wrangler.production.toml";
/** A new address takes some seconds to be known. */
const READY_WITHIN_MS = 60_000;
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

const fail = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const wrangler = (args: readonly string[], show = true): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["inherit", "pipe", "pipe"],
  });
  if (show) process.stdout.write(stdout);
  if (status !== 0) fail(`wrangler ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
};

const createQueues = (plan: Plan): void => {
  const listed = wrangler(["queues", "list"], false);
  for (const name of plan.queues) {
    if (!new RegExp(`\\b${name}\\s`).test(listed)) wrangler(["queues", "create", name]);
  }
};

const databaseId = (plan: Plan): string => {
  type Database = { readonly uuid: string; readonly name: string };
  const find = (): string | undefined =>
    (JSON.parse(wrangler(["d1", "list", "--json"], false)) as Database[]).find(({ name }) => name === plan.database)
      ?.uuid;
  const known = find();
  if (known !== undefined) return known;
  wrangler(["d1", "create", plan.database]);
  return find() ?? fail(`the database ${plan.database} was created and is not listed`);
};

const isReady = async (url: string): Promise<boolean> => {
  const end = Date.now() + READY_WITHIN_MS;
  while (Date.now() < end) {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
    if (answer?.ok === true) return true;
    await sleep(2_000);
  }
  return false;
};

const readOption = (): boolean => {
  try {
    return parseArgs({ options: { "dry-run": { type: "boolean" } } }).values["dry-run"] === true;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\nnpm run deploy [-- --dry-run]`);
  }
};

const dryRun = readOption();
const productionPath = join(ROOT, PRODUCTION);
const local = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
const earlier = existsSync(productionPath) ? readFileSync(productionPath, "utf8") : null;
const plan = planDeploy(local, earlier, process.env);
if (!plan.ok) fail(plan.error);
else if (dryRun) {
  console.log(`would create, where missing: database ${plan.value.database}; queues ${plan.value.queues.join(", ")}`);
  console.log(`would write ${PRODUCTION}, migrate by the binding DB, deploy and ask /readyz`);
  wrangler(["deploy", "--dry-run"]);
} else {
  createQueues(plan.value);
  writeFileSync(productionPath, productionConfig(local, databaseId(plan.value)));
  wrangler(["d1", "migrations", "apply", "DB", "--remote", "-c", PRODUCTION]);
  const url = /https:\/\/\S+\.workers\.dev/.exec(wrangler(["deploy", "-c", PRODUCTION]))?.[0];
  if (url === undefined) console.log("deployed; it has no workers.dev address, so ask /readyz at its route yourself");
  else if (await isReady(url)) console.log(`ready at ${url}`);
  else fail(`deployed to ${url}, but ${url}/readyz does not say ready; docs/operations.md says what to look at`);
}
