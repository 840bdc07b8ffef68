/**
 * As a newcomer would: a fresh clone, `npm start`, the printed line pasted into a shell, Ctrl-C, and again. The clone
 * borrows this checkout's node_modules; with FULL_INSTALL=1 it runs `npm ci` itself.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../src/local/files.ts";
import { readLock } from "../../src/local/lock.ts";
import { isGroupAlive, signalGroup } from "../../src/local/processes.ts";
import { freePort } from "../support/ports.ts";
import { type Instance, readJson, runToEnd, startInstance, until } from "./instance.ts";
import { readmeCurls } from "./readme.ts";
import { startReport } from "./report.ts";

/** Each takes a moment; how long is what the benchmarks tell. */
const VISIBLE_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 60_000;

const report = startReport();
const home = mkdtempSync(join(tmpdir(), "newcomer-"));
const clone = join(home, "alert-history");

const must = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
};

interface Listed {
  readonly alerts: readonly { readonly alertname: string; readonly status: string; readonly event_id: string }[];
}
const recent = async (instance: Instance): Promise<Listed["alerts"]> =>
  ((await readJson(instance, "/history/recent")) as Listed).alerts;

const atSink = async (instance: Instance): Promise<number> =>
  ((await (await fetch(instance.sinkUrl)).json()) as { received: number }).received;

const sentence = (text: string, limit = 2_000): string => text.slice(-limit);

/** Processes that still name a folder of ours: what a leak would look like. */
const leftovers = (folder: string): string[] =>
  globSync("/proc/[0-9]*/cmdline").flatMap((file) => {
    try {
      const text = readFileSync(file, "utf8").replaceAll("\0", " ");
      return text.includes(folder) ? [text.trim()] : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });

const pasteAndSee = async (instance: Instance, outcome: string): Promise<void> => {
  const answer = spawnSync("bash", ["-c", instance.curl], { encoding: "utf8" });
  const right = answer.status === 0 && answer.stdout.includes(`"outcome":"${outcome}"`);
  report.check(`the printed line works as it is: ${outcome}`, right, sentence(answer.stdout + answer.stderr));
};

const stopsCleanly = async (instance: Instance, signal: NodeJS.Signals, folder: string): Promise<void> => {
  instance.signal(signal);
  const late = new Promise<"late">((resolve) => setTimeout(resolve, STOPPED_WITHIN_MS, "late"));
  const code = await Promise.race([instance.ended, late]);
  report.check(`${signal} ends it`, code !== "late", sentence(instance.output()));
  const gone = await until(STOPPED_WITHIN_MS, () =>
    !instance.groups.some(isGroupAlive) && leftovers(folder).length === 0 ? true : null,
  );
  report.check(`${signal} leaves nothing running`, gone === true, leftovers(folder).join("\n"));
};

const tryIt = async (): Promise<void> => {
  must("git", ["clone", "--quiet", ROOT, clone], home);
  if (process.env.FULL_INSTALL === "1") must("npm", ["ci"], clone);
  else symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
  const port = await freePort();
  const launch = { cwd: clone, command: ["npm", "start"], env: { PORT: String(port) } };
  const state = join(clone, ".state");

  const first = await startInstance(launch);
  report.check("npm start is ready", true);
  report.check("the secrets are for their owner only", (statSync(join(state, "secrets.json")).mode & 0o077) === 0);
  report.check(
    "git would not commit them",
    must("git", ["status", "--porcelain"], clone)
      .split("\n")
      .every((line) => line === "" || line.endsWith("node_modules")),
  );

  await pasteAndSee(first, "new");
  const shown = await until(VISIBLE_WITHIN_MS, async () => ((await atSink(first)) === 1 ? true : null));
  report.check("the alert comes to the sink", shown === true, sentence(first.output()));
  const isPrinted = (): boolean => /^\d\d:\d\d:\d\d .*firing +DiskAlmostFull/m.test(first.output());
  const printed = await until(VISIBLE_WITHIN_MS, () => (isPrinted() ? true : null));
  report.check("and printed in one line", printed === true, first.output());
  const listed = await until(
    VISIBLE_WITHIN_MS,
    async () => (await recent(first)).find((e) => e.status === "firing") ?? null,
  );
  report.check("and in the history", listed?.alertname === "DiskAlmostFull", JSON.stringify(listed));
  await pasteAndSee(first, "duplicate");

  for (const line of readmeCurls(first.url, first.adminToken, first.ingestToken)) {
    const answer = spawnSync("bash", ["-c", `${line} --fail-with-body`], { encoding: "utf8" });
    report.check(
      `the README's line works as it is: ${line.slice(0, 60)}`,
      answer.status === 0,
      answer.stdout + answer.stderr,
    );
  }
  // Its address is nobody's: it is not to be asked whether it is there.
  await fetch(`${first.url}/api/v1/targets/on-call`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${first.adminToken}` },
  });

  const second = await runToEnd({ ...launch, env: { PORT: "0" } });
  report.check(
    "a second start on the same state is refused and says why",
    second.code !== 0 && second.output.includes("is in use by a run with process id"),
    second.output,
  );
  const taken = await runToEnd({ ...launch, env: { PORT: String(port), STATE_DIR: join(home, "other") } });
  report.check(
    "a port in use is refused and named",
    taken.code !== 0 && taken.output.includes(`port ${port} is in use`),
    taken.output,
  );
  const beside = await startInstance({
    ...launch,
    env: { PORT: "0", STATE_DIR: join(home, "other"), ADMIN_TOKEN: "adm-$in'`x", INGEST_TOKEN: "it's-$HOME" },
  });
  report.check("another run takes its own port, state and tokens beside it", beside.adminToken === "adm-$in'`x");
  await pasteAndSee(beside, "new");
  // Acknowledged is not yet in the history.
  await until(VISIBLE_WITHIN_MS, async () => ((await recent(beside)).length > 0 ? true : null));
  const seen = { beside: await recent(beside), first: await recent(first) };
  const onlyOwn = seen.beside.length === 1 && seen.first.length === 1;
  report.check("and sees only its own", onlyOwn, JSON.stringify(seen));
  await stopsCleanly(beside, "SIGTERM", join(home, "other"));
  await stopsCleanly(first, "SIGINT", home);
  report.check("the lock is gone", readLock(state) === null);

  const again = await startInstance(launch);
  report.check("a later start has the same tokens", again.ingestToken === first.ingestToken);
  report.check(
    "and the same history",
    (await recent(again)).some((event) => event.event_id === listed?.event_id),
  );
  await pasteAndSee(again, "duplicate");

  // Whoever watches the terminal must learn that the Worker is gone.
  for (const group of again.groups.slice(0, 1)) signalGroup(group, "SIGKILL");
  const code = await again.ended;
  report.check(
    "when the Worker dies, npm start ends with a reason",
    code !== 0 && again.output().includes("The Worker ended"),
  );
  const gone = await until(STOPPED_WITHIN_MS, () => (leftovers(home).length === 0 ? true : null));
  report.check("and leaves nothing", gone === true, leftovers(home).join("\n"));
  const list = must("npm", ["run", "--silent", "migrate", "--", "--list"], clone);
  report.check("npm run migrate lists what is pending", list.includes("No migrations"), list);
};

await report.attempt("as a newcomer", tryIt);
if (existsSync(home)) rmSync(home, { recursive: true, force: true });
report.finish();
