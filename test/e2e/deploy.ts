/**
 * `npm run deploy` as a whole: the real wrangler against a stand-in for Cloudflare's API on loopback. An empty account, the
 * same account again, somebody else's queues, a migration that fails, a token that is wrong, what must not go out.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../src/local/files.ts";
import { ACCOUNT, API_TOKEN, type Cloudflare, startCloudflare } from "../support/cloudflare.ts";
import { startReport } from "./report.ts";

const report = startReport();
/** A checkout of its own: the account's configuration is written beside wrangler.toml. */
const checkout = mkdtempSync(join(tmpdir(), "alert-history-deploy-"));
for (const name of ["src", "migrations", "wrangler.toml", "package.json", "tsconfig.json"]) {
  cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
}
symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
const PRODUCTION = join(checkout, "wrangler.production.toml");

/** What the deployed Worker would answer at its address. */
const ready = { status: 200 };
const worker = createServer((_, response) => response.writeHead(ready.status).end('{"status":"as told"}'));
await new Promise<void>((resolve) => worker.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(worker.address() as AddressInfo).port}`;

interface Ran {
  readonly code: number | null;
  readonly output: string;
}
const deploy = (cloudflare: Cloudflare, env: Record<string, string> = {}, args: readonly string[] = []): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["src/local/deploy.ts", "--url", url, "--ready-within", "5", ...args], {
      cwd: checkout,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ...{ CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: API_TOKEN, CLOUDFLARE_ACCOUNT_ID: ACCOUNT },
        ...{ CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
        ...{ HOME: checkout, WRANGLER_LOG_PATH: join(checkout, "logs") },
        ...env,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("close", (code) => resolve({ code, output }));
  });
const made = (cloudflare: Cloudflare, from = 0): string[] =>
  cloudflare.asked.slice(from).filter((line) => ["POST /queues", "POST /d1/database"].includes(line));

const emptyAccount = async (): Promise<void> => {
  const cloudflare = await startCloudflare();
  cloudflare.addQueue("prod-alerts");
  ready.status = 503;
  const first = await deploy(cloudflare);
  report.check(
    "an empty account is deployed to; not ready, it fails and says what was answered",
    first.code === 1 && first.output.includes("/readyz does not say ready: 503"),
    first.output,
  );
  report.check(
    "nothing was asked that the stand-in does not know",
    cloudflare.unknown.length === 0,
    cloudflare.unknown.join(),
  );
  const names = [...cloudflare.queues.values()].map(({ queue_name }) => queue_name).sort();
  report.check(
    "the queues are there, whatever others there are",
    names.join() === "alerts,alerts-dead,notifications,notifications-dead,prod-alerts",
    names.join(),
  );
  const consumers = [...cloudflare.queues.values()].flatMap((queue) => queue.consumers);
  report.check("each is consumed", consumers.length === 4, JSON.stringify(consumers));
  const [id, database] = [...cloudflare.databases][0] ?? [];
  const applied =
    database?.db
      .prepare("SELECT name FROM d1_migrations ORDER BY name")
      .all()
      .map(({ name }) => name) ?? [];
  const wanted = readdirSync(join(ROOT, "migrations"))
    .filter((file) => file.endsWith(".sql"))
    .sort();
  report.check(
    "every migration is applied, by the name of the binding",
    applied.join() === wanted.join(),
    applied.join(),
  );
  report.check(
    "the account's configuration has the database's id",
    existsSync(PRODUCTION) && readFileSync(PRODUCTION, "utf8").includes(`database_id = "${id}"`),
  );
  const script = cloudflare.scripts.get("alert-history");
  report.check(
    "the script is up, its objects migrated",
    script?.migrationTag === "v1",
    JSON.stringify(script?.migrationTag),
  );
  report.check("cron is set", JSON.stringify(cloudflare.schedules.get("alert-history") ?? "").includes("* * * * *"));
  const vars = (script?.metadata.bindings ?? []) as { name: string; text?: string }[];
  report.check(
    "it calls itself production and has no relaxation",
    vars.some(({ name, text }) => name === "ENVIRONMENT" && text === "production") &&
      !vars.some(({ name }) => name === "ALLOW_PRIVATE_TARGETS"),
    JSON.stringify(vars),
  );
  report.check("the missing secrets are named", first.output.includes("secret put ENCRYPTION_KEYS"), first.output);

  const before = cloudflare.asked.length;
  ready.status = 200;
  const again = await deploy(cloudflare);
  report.check("a second deployment succeeds", again.code === 0, again.output);
  report.check("its address is printed once it is ready", again.output.includes(`ready at ${url}`), again.output);
  report.check(
    "it knows no call that the stand-in does not",
    cloudflare.unknown.length === 0,
    cloudflare.unknown.join(),
  );
  report.check("and makes nothing anew", made(cloudflare, before).length === 0, made(cloudflare, before).join());

  await cloudflare.close();
};

const failures = async (): Promise<void> => {
  const cloudflare = await startCloudflare();
  cloudflare.failOn = /^POST \/d1\/database\/.*\/query$/;
  const broken = await deploy(cloudflare);
  report.check(
    "a migration that fails stops it before the script goes up",
    broken.code === 1 && cloudflare.scripts.size === 0 && broken.output.includes("migrations apply"),
    broken.output,
  );
  const asked = cloudflare.asked.length;
  const unsafe = await deploy(cloudflare, { ALLOW_PRIVATE_TARGETS: "local" });
  report.check(
    "a relaxation for local runs is refused before anything is asked",
    unsafe.code === 1 && unsafe.output.includes("ALLOW_PRIVATE_TARGETS") && cloudflare.asked.length === asked,
    unsafe.output,
  );
  const stranger = await deploy(cloudflare, { CLOUDFLARE_API_TOKEN: "wrong" });
  report.check(
    "a wrong token fails and says so",
    stranger.code === 1 && /[Aa]uthentication/.test(stranger.output),
    stranger.output,
  );
  await cloudflare.close();
};

await report.attempt("an account without anything", emptyAccount);
await report.attempt("what goes wrong", failures);
worker.close();
rmSync(checkout, { recursive: true, force: true });
report.finish();
