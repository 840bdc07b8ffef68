/** One running `npm start` under test: what it printed, how to talk to it, how to end it gently or not. */
import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { readLock } from "../../src/local/lock.ts";
import { signalGroup, waitForGroup } from "../../src/local/processes.ts";

/** A cold start takes two seconds, a machine busy with other things much longer. */
const START_WITHIN_MS = 120_000;
/** So does an answer that else takes milliseconds. */
const ANSWER_WITHIN_MS = 60_000;
const KILLED_WITHIN_MS = 30_000;

export interface Instance {
  readonly url: string;
  readonly adminToken: string;
  readonly ingestToken: string;
  readonly sinkUrl: string;
  /** The line to paste, as it was printed. */
  readonly curl: string;
  /** Everything printed so far. */
  readonly output: () => string;
  /** Process groups: of what was started here, and of the runtime it started. */
  readonly groups: readonly number[];
  /** Settles with its exit code. */
  readonly ended: Promise<number | null>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** SIGKILL to everything at once, as a power cut would. */
  readonly cut: () => Promise<void>;
}

const fieldOrNone = (output: string, name: string): string =>
  new RegExp(`^ {2}${name} +(\\S+)$`, "m").exec(output)?.[1] ?? "";
const field = (output: string, name: string): string => {
  const value = fieldOrNone(output, name);
  if (value === "") throw new Error(`nothing is printed for "${name}":\n${output}`);
  return value;
};

/** What would make it another run than the one under test. */
const OURS = ["PORT", "STATE_DIR", "SINK_PORT", "ADMIN_TOKEN", "INGEST_TOKEN"];

/** Without our own tools in front: what a newcomer's shell finds. */
const plainPath = (): string =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .join(delimiter);

export interface Launch {
  /** How long it may take to be ready, in ms; a start by default. */
  readonly withinMs?: number;
  readonly cwd: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

const launch = ({
  cwd,
  command: [command = "", ...args],
  env,
}: Launch): { child: ChildProcess; read: () => string } => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_") && !OURS.includes(name));
  const path = command === "npm" ? { PATH: plainPath() } : {};
  const child = spawn(command, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), ...path, ...env } as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return { child, read: () => output };
};

/** Runs a start that is expected to end by itself. */
export const runToEnd = (options: Launch): Promise<Ran> =>
  new Promise((resolve) => {
    const { child, read } = launch(options);
    child.once("close", (code) => resolve({ code, output: read() }));
  });

/** Starts it and waits until it has printed its line; throws with its output when it ends or is late. */
export const startInstance = async (options: Launch): Promise<Instance> => {
  const { child, read } = launch(options);
  const group = child.pid ?? 0;
  let exited = false;
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      exited = true;
      resolve(code);
    });
  });
  const { withinMs = START_WITHIN_MS } = options;
  const until = Date.now() + withinMs;
  while (!read().includes("Ctrl-C stops it.")) {
    if (exited) throw new Error(`it ended while starting:\n${read()}`);
    if (Date.now() > until) {
      signalGroup(group, "SIGTERM");
      throw new Error(`it did not start within ${withinMs} ms:\n${read()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const output = read();
  const runtime = readLock(field(output, "state"))?.group;
  if (runtime == null) throw new Error("the lock does not name the runtime's process group");
  const groups = [runtime, group];
  return {
    url: /runs at (\S+)/.exec(output)?.[1] ?? "",
    adminToken: field(output, "admin token"),
    ingestToken: fieldOrNone(output, "ingest token"),
    sinkUrl: fieldOrNone(output, "local sink"),
    curl: /^curl .*$/m.exec(output)?.[0] ?? "",
    output: read,
    groups,
    ended,
    signal: (signal) => signalGroup(group, signal),
    async cut() {
      for (const id of groups) signalGroup(id, "SIGKILL");
      for (const id of groups) {
        if (!(await waitForGroup(id, KILLED_WITHIN_MS))) throw new Error(`group ${id} survives SIGKILL`);
      }
    },
  };
};

/** Reads JSON of an instance with its admin token. */
export const readJson = async (instance: Instance, path: string): Promise<unknown> => {
  const response = await fetch(`${instance.url}${path}`, {
    headers: { authorization: `Bearer ${instance.adminToken}` },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return response.json();
};

/** Asks until it holds; null when it does not within the time. */
export const until = async <T>(withinMs: number, ask: () => Promise<T | null> | T | null): Promise<T | null> => {
  const end = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (value !== null) return value;
    if (Date.now() > end) return null;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

/** Waits for what is to happen; throws when it does not within the time. */
export const within = async (withinMs: number, happens: Promise<unknown>): Promise<void> => {
  let late: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`it did not happen within ${withinMs} ms`)), withinMs);
  });
  await Promise.race([happens, end]).finally(() => clearTimeout(late));
};

/** The command of `npm start`, without npm's own process around it. */
export const startScript = (root: string): readonly string[] => [process.execPath, join(root, "src/local/start.ts")];
