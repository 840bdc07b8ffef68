/** What is generated still matches what it was generated from: binding types, migrations, and the shape of D1's tables. */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import drizzle from "../src/worker/db/drizzle.config.ts";
import { startReport } from "./e2e/report.ts";

const BINDINGS = ["src/worker/bindings.d.ts", "--include-runtime=false", "--strict-vars=false"];

const run = (command: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    // A question of drizzle-kit (is this a rename?) means drift as well: without a terminal it ends instead of asking.
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    env: { ...process.env, CI: "1", WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" },
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}`.trim());
  return `${stdout}${stderr}`;
};

const sqlFiles = (folder: string): string[] => globSync(join(folder, "*.sql")).sort();

const checkMigrations = (): void => {
  const copy = mkdtempSync(join(tmpdir(), "migrations-"));
  try {
    cpSync("migrations", copy, { recursive: true });
    const config = join(copy, "drizzle.config.json");
    // Only a relative folder is understood, and a failure ends with 0 as well: the words tell.
    writeFileSync(config, JSON.stringify({ ...drizzle, out: relative(process.cwd(), copy) }));
    const said = run("drizzle-kit", ["generate", "--config", relative(process.cwd(), config)]);
    if (!said.includes("No schema changes")) {
      throw new Error(`the schema and the migrations differ; generate a migration. drizzle-kit says:\n${said.trim()}`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};

/** Each row of a table with a text or composite key would otherwise be written, and paid for, twice. */
const checkRowids = (): void => {
  const db = new DatabaseSync(":memory:");
  for (const file of sqlFiles("migrations")) db.exec(readFileSync(file, "utf8"));
  const tables = db
    .prepare("SELECT name, wr FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  const doubled = tables.filter(({ name, wr }) => {
    const keys = db.prepare("SELECT type FROM pragma_table_info(?) WHERE pk > 0").all(String(name));
    return wr === 0 && !(keys.length === 1 && String(keys[0]?.type).toUpperCase() === "INTEGER");
  });
  if (tables.length === 0) throw new Error("the migrations make no table");
  if (doubled.length > 0) throw new Error(`not WITHOUT ROWID: ${doubled.map(({ name }) => name).join(", ")}`);
};

const report = startReport();
await report.attempt("the types of the bindings are those of wrangler.toml", () =>
  run("wrangler", ["types", ...BINDINGS, "--check"]),
);
await report.attempt("the migrations make what the schema describes", checkMigrations);
await report.attempt("tables with text or composite keys are WITHOUT ROWID", checkRowids);
report.finish();
