/**
 * `npm run deploy`: to Cloudflare, with the account wrangler is logged in to. Creates the database and the queues that
 * are missing, migrates, deploys, asks `/readyz`, prints the address and which secrets are missing. With `-- --dry-run`
 * it only says what it would do; `-- --url <address>` is asked instead of the one on workers.dev.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { hadWorkersAi, type Plan, planDeploy, productionConfig } from "./deploy-plan.ts";
import { ROOT } from "./files.ts";

/** Beside wrangler.toml, because paths in it are relative; ignored by git, because the id in it is the account's. */
const PRODUCTION = "wrangler.production.toml";
/** A new address takes some seconds to be known. */
const READY_WITHIN_SECONDS = 60;
/** Without these nobody can sign in, send or store a target. */
const SECRETS = ["ADMIN_TOKEN", "INGEST_TOKEN", "ENCRYPTION_KEYS"];
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

const fail = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const run = (args: readonly string[]) =>
  spawnSync(process.execPath, [WRANGLER, ...args], { cwd: ROOT, encoding: "utf8", stdio: ["inherit", "pipe", "pipe"] });

const wrangler = (args: readonly string[], show = true): string => {
  const { status, stdout, stderr } = run(args);
  if (show) process.stdout.write(stdout);
  if (status !== 0) fail(`wrangler ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
};

const createQueues = (plan: Plan): void => {
  for (const name of plan.queues) {
    // Whatever else keeps it from telling (no login, no network) keeps it from creating too, and is said then.
    if (run(["queues", "info", name]).status !== 0) wrangler(["queues", "create", name]);
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

/** null once it is ready, else what it said last. */
const waitUntilReady = async (url: string, seconds: number): Promise<string | null> => {
  const end = Date.now() + seconds * 1000;
  let said = "nothing";
  while (Date.now() < end) {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
    if (answer?.ok === true) return null;
    if (answer !== null) said = `${answer.status} ${await answer.text()}`;
    await sleep(2_000);
  }
  return said;
};

const tellOfSecrets = (): void => {
  const listed = wrangler(["secret", "list", "-c", PRODUCTION], false);
  const missing = SECRETS.filter((name) => !listed.includes(`"${name}"`));
  if (missing.length === 0) return;
  console.log("secrets that are not there yet (docs/operations.md says how to make them):");
  for (const name of missing) console.log(`  npx wrangler secret put ${name} -c ${PRODUCTION}`);
};

const USAGE = "npm run deploy [-- [--dry-run] [--url https://…] [--ready-within <seconds>] [--workers-ai on|off]]";
const OPTIONS = {
  "dry-run": { type: "boolean", default: false },
  url: { type: "string" },
  "ready-within": { type: "string", default: String(READY_WITHIN_SECONDS) },
  "workers-ai": { type: "string" },
} as const;
const readOptions = () => {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const seconds = Number(values["ready-within"]);
    if (!(seconds > 0)) return fail(`--ready-within must be seconds\n${USAGE}`);
    const ai = values["workers-ai"];
    if (ai !== undefined && ai !== "on" && ai !== "off") return fail(`--workers-ai must be on or off\n${USAGE}`);
    return { dryRun: values["dry-run"], url: values.url?.replace(/\/+$/, ""), seconds, ai };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

const options = readOptions();
const productionPath = join(ROOT, PRODUCTION);
const local = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
const earlier = existsSync(productionPath) ? readFileSync(productionPath, "utf8") : null;
const plan = planDeploy(local, earlier, process.env);
if (!plan.ok) fail(plan.error);
else if (options.dryRun) {
  console.log(`would create, where missing: database ${plan.value.database}; queues ${plan.value.queues.join(", ")}`);
  console.log(`would write ${PRODUCTION}, migrate by the binding DB, deploy and ask /readyz`);
  wrangler(["deploy", "--dry-run"]);
} else {
  createQueues(plan.value);
  const workersAi = options.ai === undefined ? hadWorkersAi(earlier) : options.ai === "on";
  writeFileSync(productionPath, productionConfig(local, databaseId(plan.value), workersAi));
  wrangler(["d1", "migrations", "apply", "DB", "--remote", "-c", PRODUCTION]);
  const found = /https:\/\/\S+\.workers\.dev/.exec(wrangler(["deploy", "-c", PRODUCTION]))?.[0];
  const url = options.url ?? found;
  tellOfSecrets();
  if (url === undefined)
    console.log("deployed; it has no workers.dev address: ask /readyz at its route, or give --url");
  else {
    const said = await waitUntilReady(url, options.seconds);
    if (said === null) console.log(`ready at ${url}`);
    else fail(`deployed, but ${url}/readyz does not say ready: ${said}\ndocs/operations.md says what to look at`);
  }
}
