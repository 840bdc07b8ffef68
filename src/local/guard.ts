/**
 * Runs the command it is given and ends its whole process group when standard input closes: that happens when the run
 * that started it ends in any way, a SIGKILL included. Leads a group of its own, which holds nothing else.
 */
import { spawn } from "node:child_process";

/** wrangler closes its runtime in less than a second; after this nothing is worth waiting for. */
const STOP_WITHIN_MS = 4_000;

let stopping = false;

const stop = (): void => {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.kill(-process.pid, "SIGKILL"), STOP_WITHIN_MS).unref();
  process.kill(-process.pid, "SIGTERM");
};

// The group gets these too; the guard itself stays until its child has ended.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
process.stdin.on("end", stop).on("error", stop).resume();

const [command, ...args] = process.argv.slice(2);
const child = spawn(command ?? "", args, { stdio: ["ignore", "inherit", "inherit"] });
child.once("error", (error) => {
  console.error(String(error));
  process.exit(1);
});
child.once("exit", (code) => process.exit(code ?? 1));
