/**
 * `npm start`: the whole product on this machine. Migrations, secrets, the Worker, a sink as its first target, cron; then
 * it waits until it is told to stop, and leaves nothing running.
 */
import { join } from "node:path";
import { type Api, connect } from "./api.ts";
import { startDiscovery } from "./discovery.ts";
import { writeEnvFile } from "./env-file.ts";
import { makeStateDir, writePrivately } from "./files.ts";
import { greeting } from "./greeting.ts";
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
class Refusal extends Error {}

const orRefuse = <T>(result: { ok: true; value: T } | { ok: false; error: string }): T => {
  if (!result.ok) throw new Refusal(result.error);
  return result.value;
};

/** What has to be undone, in the order of its making; undone in reverse. */
const undo: (() => void | Promise<void>)[] = [];
let runtime: Runtime | null = null;
let stopping = false;

const stopAll = async (exitCode: number): Promise<never> => {
  stopping = true;
  for (const step of undo.reverse()) await step();
  process.exit(exitCode);
};

const onSignal = (): void => {
  // Asked twice: whoever asks cannot wait.
  if (stopping) {
    runtime?.kill();
    process.exit(130);
  }
  console.log("\nStopping.");
  void stopAll(0);
};

/** What keeps it from getting ready; wrangler itself holds back every request until the Worker is built. */
const waitForTrouble = (started: Runtime): Promise<string> =>
  new Promise((resolve) => {
    void started.ended.then(() => resolve("The Worker did not start"));
    setTimeout(resolve, READY_WITHIN_MS, "The Worker is not ready").unref();
    setInterval(() => {
      if (failedToBuild(started.logFile)) resolve("The Worker does not build");
    }, LOG_POLL_MS).unref();
  });

/** null once it is ready; a sentence where a variable keeps it from that. */
const waitUntilReady = async (api: Api): Promise<string | null> => {
  for (;;) {
    const state = await api.readiness();
    if (state?.ready) return null;
    if (state?.why != null) return `The Worker refuses a variable: ${state.why}`;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
};

const start = async (): Promise<void> => {
  const settings = orRefuse(readSettings(process.env, process.cwd()));
  const { stateDir } = settings;
  makeStateDir(stateDir);
  const lock = orRefuse(await takeLock(stateDir));
  undo.push(() => lock.release());

  const port = await findPort(settings.port);
  if (port === null) throw new Refusal(`port ${settings.port} is in use; PORT=<another> npm start takes another`);
  const sink = await openSink(stateDir, settings.sinkPort, (line) => console.log(line));
  if (sink === null) throw new Refusal(`SINK_PORT ${settings.sinkPort} is in use`);
  undo.push(() => sink.close());

  const failed = await applyMigrations(stateDir, (running) => undo.push(() => running.stop()));
  if (failed !== null) throw new Refusal(`the migrations could not be applied:\n${failed}`);

  const secrets = orRefuse(loadSecrets(stateDir, settings));
  const url = `http://${HOST}:${port}`;
  const envFile = join(stateDir, "worker.env");
  const variables = { PUBLIC_URL: url, ...variablesFrom(process.env), ...secrets };
  const discovery = orRefuse(await startDiscovery(process.env, stateDir, url, sink.url));
  undo.push(() => discovery.stop());
  const local = { ENVIRONMENT: "local", ALLOW_PRIVATE_TARGETS: "local", CLUSTERS: discovery.clusters };
  writePrivately(envFile, orRefuse(writeEnvFile({ ...variables, ...local })));

  const started = startRuntime(stateDir, port, envFile);
  runtime = started;
  undo.push(() => started.stop());
  lock.noteGroup(started.group);

  const api = connect(url, secrets.ADMIN_TOKEN);
  const trouble = await Promise.race([waitUntilReady(api), waitForTrouble(started)]);
  if (trouble !== null) {
    throw new Refusal(`${trouble}. The end of ${started.logFile}:\n${lastLines(started.logFile)}`);
  }
  await registerSink(api, sink);
  const cron = setInterval(() => void api.runCron(), CRON_EVERY_MS);
  undo.push(() => clearInterval(cron));
  await api.runCron();

  console.log(
    greeting({
      url,
      adminToken: secrets.ADMIN_TOKEN,
      ingestToken: secrets.INGEST_TOKEN,
      sinkUrl: sink.url,
      secretsDir: discovery.directory,
      stateDir,
      logFile: started.logFile,
    }),
  );
  const code = await started.ended;
  if (stopping) return;
  console.error(`The Worker ended (exit code ${code}). The end of its log:\n${lastLines(started.logFile)}`);
  await stopAll(1);
};

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
start().catch(async (error: unknown) => {
  if (stopping) return;
  console.error(error instanceof Refusal ? error.message : error);
  await stopAll(1);
});
