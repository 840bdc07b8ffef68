/**
 * How wrangler is called: quietly, without an account, with everything it keeps inside the state directory, and in a
 * process group that ends with us.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "./files.ts";
import { signalGroup, waitForGroup } from "./processes.ts";

const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const GUARD = fileURLToPath(new URL("guard.ts", import.meta.url));

/** wrangler and its guard end within this; what is left is killed. */
const STOP_WITHIN_MS = 6_000;

/** Without these, wrangler looks for a login, for updates, for a network and for other runs on this machine. */
const wranglerEnv = (stateDir: string): NodeJS.ProcessEnv => ({
  ...process.env,
  CI: "1",
  NO_COLOR: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_LOG_PATH: join(stateDir, "wrangler"),
  WRANGLER_REGISTRY_PATH: join(stateDir, "registry"),
  // A quarter less work per request, and no explorer that would show what is stored.
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
});

const endOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once("exit", (code) => resolve(code ?? 1));
    child.once("error", () => resolve(1));
  });

export interface Running {
  /** Id of its process group. */
  readonly group: number;
  /** Settles when it ends, with its exit code. */
  readonly ended: Promise<number>;
  /** Ends it and everything it started. */
  readonly stop: () => Promise<void>;
  /** The same at once, for somebody who cannot wait. */
  readonly kill: () => void;
}

/** Starts a wrangler command in a guarded group of its own; `output` is the file descriptor it writes to. */
export const startWrangler = (args: readonly string[], stateDir: string, output: number): Running => {
  const child = spawn(process.execPath, [GUARD, process.execPath, WRANGLER, ...args], {
    cwd: ROOT,
    env: wranglerEnv(stateDir),
    detached: true,
    stdio: ["pipe", output, output],
  });
  const group = child.pid ?? 0;
  const kill = (): void => {
    if (group > 0) signalGroup(group, "SIGKILL");
  };
  return {
    group,
    ended: endOf(child),
    kill,
    async stop() {
      child.stdin?.end();
      if (group > 0 && !(await waitForGroup(group, STOP_WITHIN_MS))) kill();
    },
  };
};

/** Runs a command at this terminal, questions included. */
export const runWrangler = (args: readonly string[], stateDir: string): Promise<number> =>
  endOf(spawn(process.execPath, [WRANGLER, ...args], { cwd: ROOT, env: wranglerEnv(stateDir), stdio: "inherit" }));
