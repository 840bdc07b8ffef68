/**
 * `npm run migrate`: applies D1's migrations to the local state directory, or with `-- --remote` to the database of
 * the account wrangler is logged in to. With `-- --list` it only says what is pending.
 */
import { parseArgs } from "node:util";
import { makeStateDir } from "./files.ts";
import { takeLock } from "./lock.ts";
import { readSettings } from "./settings.ts";
import { runWrangler } from "./wrangler.ts";

const USAGE = "npm run migrate [-- [--local | --remote] [--list]]";

const fail = (message: string): never => {
  console.error(message);
  process.exit(1);
};

const readArguments = () => {
  try {
    const options = { local: { type: "boolean" }, remote: { type: "boolean" }, list: { type: "boolean" } } as const;
    const { values } = parseArgs({ options });
    if (values.local === true && values.remote === true) return fail(`either --local or --remote\n${USAGE}`);
    return { remote: values.remote === true, list: values.list === true };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

const { remote, list } = readArguments();
const settings = readSettings(process.env, process.cwd());
if (!settings.ok) fail(settings.error);
else {
  const { stateDir } = settings.value;
  makeStateDir(stateDir);
  const lock = remote ? null : await takeLock(stateDir);
  if (lock?.ok === false) fail(lock.error);
  const where = remote ? ["--remote"] : ["--local", "--persist-to", stateDir];
  process.exitCode = await runWrangler(["d1", "migrations", list ? "list" : "apply", "DB", ...where], stateDir);
  if (lock?.ok === true) lock.value.release();
}
