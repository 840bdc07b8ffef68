/**
 * The built Worker in the real runtime, reached over a socket of its own: the development proxy in between would cost
 * more than what is measured. D1 and queues are the local simulators, so figures compare, they do not predict.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { freePort } from "../support/ports.ts";

export const TOKEN = "bench-token";

export interface BenchRuntime {
  readonly url: string;
  /** CPU time the runtime has used so far, in ms; null where the system does not tell. */
  readonly cpuMs: () => number | null;
  /** What the streaming tail was told so far; only of a service that has one. */
  readonly tail: () => Promise<unknown>;
  /** Runs a statement in the service's database, behind its back. */
  readonly sql: (statement: string) => Promise<void>;
  /** Fires the cron once. */
  readonly cron: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** SIGKILL, as a power cut would. */
  readonly kill: () => Promise<void>;
}

/** In memory where the system has it: a disk shared with other work would be measured instead of the code. */
const scratch = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "alert-history-bench-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** Builds an entry with wrangler, as a deployment would; answers the bundle's path. */
export const build = (entry: string, name: string): string => {
  const outdir = join(scratch, name);
  const { status, stderr } = spawnSync(
    process.execPath,
    ["node_modules/wrangler/bin/wrangler.js", "deploy", entry, "--dry-run", "--outdir", outdir],
    { encoding: "utf8", env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } },
  );
  if (status !== 0) throw new Error(`${entry} does not build:\n${stderr}`);
  return join(outdir, readdirSync(outdir).find((file) => file.endsWith(".js")) ?? "");
};

/** Clock ticks are hundredths of a second on every Linux there is. */
const TICK_MS = 10;

const cpuOf = (pid: number): number | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return null;
  }
};

const childrenNow = (): number[] => {
  try {
    return readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").map(Number);
  } catch {
    return [];
  }
};

/** Any that the runtime knows. */
const TAIL_DATE = "2026-10-01";

type WorkerOptions = ReturnType<typeof unstable_getMiniflareWorkerOptions>["workerOptions"];

const run = async (
  script: string,
  options: Partial<WorkerOptions>,
  { stateDir, tail }: { readonly stateDir?: string; readonly tail?: string } = {},
): Promise<{ mf: Miniflare; runtime: BenchRuntime }> => {
  const port = await freePort();
  const before = new Set(childrenNow());
  const mf = new Miniflare({
    ...convertV4MiniflareOptions({
      log: new NoOpLog(),
      cf: false,
      // Lines of the log go nowhere unless asked for: printing them would load the process that makes the load.
      handleStructuredLogs: ({ message }: { message: string }) => {
        if (process.env.BENCH_LOG !== undefined) console.error(message);
      },
      workers: [
        {
          ...options,
          name: "bench",
          modules: true,
          modulesRoot: dirname(script),
          scriptPath: script,
          unsafeDirectSockets: [{ host: "127.0.0.1", port }],
          ...(tail === undefined ? {} : { streamingTails: ["tail"] }),
        },
        ...(tail === undefined
          ? []
          : [{ name: "tail", modules: true, scriptPath: tail, compatibilityDate: TAIL_DATE }]),
      ],
    } as Parameters<typeof convertV4MiniflareOptions>[0]),
    resourcePersistencePath: stateDir ?? mkdtempSync(join(scratch, "state-")),
  });
  await mf.ready;
  const pid = childrenNow().find((child) => !before.has(child));
  return {
    mf,
    runtime: {
      url: `http://127.0.0.1:${port}`,
      cpuMs: () => (pid === undefined ? null : cpuOf(pid)),
      tail: async () => (await (await mf.getWorker("tail")).fetch("http://tail/")).json(),
      sql: async (statement) => void (await (await mf.getD1Database("DB")).prepare(statement).run()),
      cron: async () => {
        const worker = (await mf.getWorker()) as unknown as { scheduled(): Promise<unknown> };
        await worker.scheduled();
      },
      close: () => mf.dispose(),
      kill: async () => {
        if (pid === undefined) throw new Error("the runtime's process is not known");
        process.kill(pid, "SIGKILL");
        await mf.dispose();
      },
    },
  };
};

/**
 * The service's bindings as wrangler reads them, without what only tells how to bundle, and without its files: the
 * platform serves them in front of the Worker, while here a stand-in would cost each request more than a bare answer.
 */
const serviceOptions = (): Partial<WorkerOptions> => {
  const {
    modulesRules: _rules,
    rootPath: _root,
    assets: _files,
    ...options
  } = unstable_getMiniflareWorkerOptions("wrangler.toml").workerOptions;
  return options;
};

const migrate = async (mf: Miniflare): Promise<void> => {
  const db = await mf.getD1Database("DB");
  const known = await db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'events'").first();
  if (known !== null) return;
  for (const file of readdirSync("migrations")
    .filter((name) => name.endsWith(".sql"))
    .sort()) {
    for (const statement of readFileSync(join("migrations", file), "utf8").split("--> statement-breakpoint")) {
      await db.prepare(statement).run();
    }
  }
};

/**
 * Starts the service; `consumers: false` leaves what it queues where it is, to measure ingest alone; `vars` win; `tail` is
 * the script of a Worker that is told of its spans.
 */
export const startService = async (
  script: string,
  {
    consumers = true,
    stateDir,
    tail,
    vars = {},
  }: { consumers?: boolean; stateDir?: string; tail?: string; vars?: Record<string, string> } = {},
): Promise<BenchRuntime> => {
  const workerOptions = serviceOptions();
  const bindings = {
    ...(workerOptions.bindings as Record<string, string>),
    ENVIRONMENT: "local",
    ALLOW_PRIVATE_TARGETS: "local",
    ADMIN_TOKEN: TOKEN,
    INGEST_TOKEN: `${TOKEN}-ingest`,
    ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString("base64")}`,
    LOG_LEVEL: process.env.BENCH_LOG ?? "info",
    ...vars,
  };
  const { mf, runtime } = await run(
    script,
    { ...workerOptions, bindings, ...(consumers ? {} : { queueConsumers: {} }) },
    { ...(stateDir === undefined ? {} : { stateDir }), ...(tail === undefined ? {} : { tail }) },
  );
  await migrate(mf);
  return runtime;
};

export const startBare = async (script: string): Promise<BenchRuntime> => {
  const { compatibilityDate = "2026-10-01" } = serviceOptions();
  return (await run(script, { compatibilityDate })).runtime;
};

/** Calls the service's API with every right; throws with the answer when it refuses. */
export const call = async (runtime: BenchRuntime, method: string, path: string, body?: unknown): Promise<unknown> => {
  const response = await fetch(`${runtime.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
};
