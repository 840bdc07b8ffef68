/** Everything that runs when the product runs on this machine: started in order, undone in reverse. */
import { join } from "node:path";
import { type Api, connect } from "./api.ts";
import { startDiscovery } from "./discovery.ts";
import { writeEnvFile } from "./env-file.ts";
import { makeStateDir, writePrivately } from "./files.ts";
import type { Facts } from "./greeting.ts";
import { takeLock } from "./lock.ts";
import { findPort, HOST } from "./ports.ts";
import { applyMigrations, failedToBuild, lastLines, type Runtime, startRuntime } from "./runtime.ts";
import { loadSecrets } from "./secrets.ts";
import { readSettings } from "./settings.ts";
import { openSink, registerSink } from "./sink-target.ts";
import { variablesFrom } from "./variables.ts";

/** A cold start takes two seconds; a busy machine ten times that. */
const READY_WITHIN_MS = 60_000;
const READY_POLL_MS = 50;
const LOG_POLL_MS = 200;
const CRON_EVERY_MS = 60_000;

/** A reason for not starting that is the user's to know, as opposed to a bug. */
export class Refusal extends Error {}

const orRefuse = <T>(result: { ok: true; value: T } | { ok: false; error: string }): T => {
  if (!result.ok) throw new Refusal(result.error);
  return result.value;
};

/** What has to be undone, in the order of its making; also of a start that is still under way. */
export class Undoing {
  readonly #steps: (() => void | Promise<void>)[] = [];
  /** Ends the runtime at once, for somebody who cannot wait. */
  kill: () => void = () => {};

  push(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Undoes everything, the last thing first. */
  async all(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}

export interface Service extends Facts {
  readonly api: Api;
  /** Settles when the Worker ends, with its exit code. */
  readonly ended: Promise<number>;
}

export interface ServiceOptions {
  /** Is shown each notification of the local sink as a line. */
  readonly print: (line: string) => void;
  /** Another entry than the Worker itself. */
  readonly entry?: string;
  /** Runs what is scheduled every minute; true unless said otherwise. */
  readonly cron?: boolean;
  /** Adds the local sink and a folder of Secrets as first targets; true unless said otherwise. */
  readonly firstTargets?: boolean;
}

/** What keeps it from getting ready; wrangler itself holds back every request until the Worker is built. */
const waitForTrouble = async (started: Runtime, ready: AbortSignal): Promise<string | null> => {
  const ended = started.ended.then(() => "The Worker did not start");
  const late = Date.now() + READY_WITHIN_MS;
  while (!ready.aborted) {
    if (failedToBuild(started.logFile)) return "The Worker does not build";
    if (Date.now() > late) return "The Worker is not ready";
    const pause = new Promise<null>((resolve) => setTimeout(resolve, LOG_POLL_MS, null));
    const trouble = await Promise.race([ended, pause]);
    if (trouble !== null) return trouble;
  }
  return null;
};

/** null once it is ready; a sentence where a variable keeps it from that. */
const waitUntilReady = async (api: Api, given: AbortSignal): Promise<string | null> => {
  while (!given.aborted) {
    const state = await api.readiness();
    if (state?.ready) return null;
    if (state?.why != null) return `The Worker refuses a variable: ${state.why}`;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  return null;
};

/** Starts it and answers once it is ready; throws a Refusal that says what the user can do about it. */
export const startService = async (
  env: Readonly<Record<string, string | undefined>>,
  undo: Undoing,
  { print, entry, cron = true, firstTargets = true }: ServiceOptions,
): Promise<Service> => {
  const settings = orRefuse(readSettings(env, process.cwd()));
  const { stateDir } = settings;
  makeStateDir(stateDir);
  const lock = orRefuse(await takeLock(stateDir));
  undo.push(() => lock.release());

  const port = await findPort(settings.port);
  if (port === null) throw new Refusal(`port ${settings.port} is in use; PORT=<another> npm start takes another`);
  const sink = await openSink(stateDir, settings.sinkPort, print);
  if (sink === null) throw new Refusal(`SINK_PORT ${settings.sinkPort} is in use`);
  undo.push(() => sink.close());

  const failed = await applyMigrations(stateDir, (running) => undo.push(() => running.stop()));
  if (failed !== null) throw new Refusal(`the migrations could not be applied:\n${failed}`);

  const secrets = orRefuse(loadSecrets(stateDir, settings));
  const url = `http://${HOST}:${port}`;
  const envFile = join(stateDir, "worker.env");
  const variables = { PUBLIC_URL: url, ...variablesFrom(env), ...secrets };
  const discovery = firstTargets
    ? orRefuse(await startDiscovery(env, stateDir, url, sink.url))
    : { directory: "", clusters: env.CLUSTERS ?? "[]", stop: async () => {} };
  undo.push(() => discovery.stop());
  const local = { ENVIRONMENT: "local", ALLOW_PRIVATE_TARGETS: "local", CLUSTERS: discovery.clusters };
  writePrivately(envFile, orRefuse(writeEnvFile({ ...variables, ...local })));

  const started = startRuntime(stateDir, port, envFile, entry);
  undo.kill = () => started.kill();
  undo.push(() => started.stop());
  lock.noteGroup(started.group);

  const api = connect(url, secrets.ADMIN_TOKEN);
  const ready = new AbortController();
  const trouble = await Promise.race([waitUntilReady(api, ready.signal), waitForTrouble(started, ready.signal)]);
  ready.abort();
  if (trouble !== null) {
    throw new Refusal(`${trouble}. The end of ${started.logFile}:\n${lastLines(started.logFile)}`);
  }
  if (firstTargets) await registerSink(api, sink);
  if (cron) {
    const timer = setInterval(() => void api.runCron(), CRON_EVERY_MS);
    undo.push(() => clearInterval(timer));
    await api.runCron();
  }
  return {
    url,
    adminToken: secrets.ADMIN_TOKEN,
    ingestToken: secrets.INGEST_TOKEN,
    sinkUrl: sink.url,
    secretsDir: discovery.directory,
    stateDir,
    logFile: started.logFile,
    api,
    ended: started.ended,
  };
};
