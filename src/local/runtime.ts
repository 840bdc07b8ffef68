/** The two things wrangler does for a local run: D1's tables, and the Worker itself. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./files.ts";
import { HOST } from "./ports.ts";
import { type Running, startWrangler } from "./wrangler.ts";

const MIGRATIONS = join(ROOT, "migrations");

const fingerprintOfMigrations = (): string => {
  const hash = createHash("sha256");
  for (const name of readdirSync(MIGRATIONS).filter((file) => file.endsWith(".sql"))) {
    hash.update(`${name}\0`).update(readFileSync(join(MIGRATIONS, name)));
  }
  return hash.digest("hex");
};

/** The log is begun anew at each start, so that its end is what happened last. */
const startLogged = (args: readonly string[], stateDir: string, logFile: string): Running => {
  const log = openSync(logFile, "w", 0o600);
  try {
    return startWrangler(args, stateDir, log);
  } finally {
    closeSync(log);
  }
};

/** True once wrangler has said that the Worker does not build: it then waits for the code to change. */
export const failedToBuild = (logFile: string): boolean => readFileSync(logFile, "utf8").includes("Build failed");

/** The last lines of a log, for a message that says why something ended. */
export const lastLines = (logFile: string): string =>
  readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-20).join("\n");

/**
 * Applies what is pending; wrangler is asked only when a migration is new, because asking takes longer than starting.
 * `onStart` is given what is running meanwhile. Answers null, or what wrangler said when it failed.
 */
export const applyMigrations = async (
  stateDir: string,
  onStart: (running: Running) => void,
): Promise<string | null> => {
  // Beside the database itself, so that it goes when the database goes.
  const marker = join(stateDir, "v3", "d1", "applied-migrations");
  const wanted = fingerprintOfMigrations();
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return null;
  const logFile = join(stateDir, "migrate.log");
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir];
  const running = startLogged(args, stateDir, logFile);
  onStart(running);
  if ((await running.ended) !== 0) return lastLines(logFile);
  writeFileSync(marker, wanted);
  return null;
};

export interface Runtime extends Running {
  readonly logFile: string;
}

/** Starts the Worker with the variables of an env file; `entry` where it is not the Worker itself. */
export const startRuntime = (stateDir: string, port: number, envFile: string, entry?: string): Runtime => {
  const logFile = join(stateDir, "worker.log");
  const args = [
    ...[
      "dev",
      ...(entry === undefined ? [] : [entry]),
      "--local",
      "--persist-to",
      stateDir,
      "--ip",
      HOST,
      "--port",
      String(port),
    ],
    ...["--inspector-port", "0", "--env-file", envFile, "--show-interactive-dev-session", "false"],
  ];
  return { ...startLogged(args, stateDir, logFile), logFile };
};
