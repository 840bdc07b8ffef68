/**
 * `npm run demo`: the whole product with a week behind it. First the Worker is led through the past of a fictitious shop
 * in three clusters, then it runs as with `npm start`, and the shop goes on. Begins anew each time.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { makePast } from "./demo-past.ts";
import { CLUSTERS, manifestsOf } from "./demo-shop.ts";
import { type DemoSinks, startSinks } from "./demo-sinks.ts";
import { startTraffic } from "./demo-traffic.ts";
import { chanceOf, planEpisodes, planSteps } from "./demo-week.ts";
import { startFileExporter } from "./discovery.ts";
import { makeStateDir, ROOT, writePrivately } from "./files.ts";
import { isHeld, readLock } from "./lock.ts";
import { findPort } from "./ports.ts";
import { runUntilStopped } from "./run.ts";
import { Refusal, type Service, startService, Undoing } from "./service.ts";

const DAY_MS = 86_400_000;
const SEED = 20_261;
const DEFAULT_PORT = "8787";
const PAST_ENTRY = join(ROOT, "src/local/demo-worker/index.ts");

const daysOf = (text: string | undefined): number => {
  const days = Number(text ?? 7);
  if (!(days >= 0.5 && days <= 14)) throw new Refusal("DEMO_DAYS must be a number from 0.5 to 14");
  return days;
};

/** Empties the demo's own folder; one that holds anything else is left alone. */
const beginAnew = (stateDir: string): void => {
  const marker = join(stateDir, "demo");
  const holder = readLock(stateDir);
  if (holder !== null && isHeld(holder)) throw new Refusal(`a demo runs in ${stateDir} already, process ${holder.pid}`);
  if (existsSync(stateDir) && readdirSync(stateDir).length > 0 && !existsSync(marker)) {
    throw new Refusal(`${stateDir} holds something else than a demo; STATE_DIR=<another> takes another`);
  }
  rmSync(stateDir, { recursive: true, force: true });
  makeStateDir(stateDir);
  writePrivately(marker, "This folder is emptied whenever the demo starts.\n");
};

/** One exporter per cluster, each on a folder of its own; answers the value of CLUSTERS. */
const startExporters = async (
  stateDir: string,
  workerUrl: string,
  sinks: DemoSinks,
  undo: Undoing,
): Promise<string> => {
  const clusters: object[] = [];
  for (const cluster of CLUSTERS) {
    const directory = join(stateDir, "clusters", cluster);
    mkdirSync(directory, { recursive: true });
    for (const [index, text] of manifestsOf(cluster, sinks).entries()) {
      writePrivately(join(directory, `${index}.yaml`), text);
    }
    const exporter = await startFileExporter({ cluster, directory, workerUrl, stateDir });
    if (!exporter.ok) throw new Refusal(exporter.error);
    undo.push(exporter.value.stop);
    const { url, token } = exporter.value;
    clusters.push({ name: cluster, url, token, interval_seconds: 60 });
  }
  return JSON.stringify(clusters);
};

/** Some of it has to have happened before there is anything to look at. */
const WORTH_A_LOOK = 0.03;

/** The Worker that is led through the past serves the dashboard as well: nobody has to wait for the end of it. */
const earlyGreetingOf = ({ url, adminToken }: Service): string => `
A week goes by. Watch it: ${url}/?range=7d

  admin token   ${adminToken}

When it has passed, the dashboard is away for some seconds and then goes on by itself.
`;

const showProgress = (then: Service): ((share: number) => void) => {
  let isAnnounced = false;
  return (share) => {
    if (!isAnnounced && share >= WORTH_A_LOOK) {
      isAnnounced = true;
      console.log(earlyGreetingOf(then));
    }
    const percent = `${Math.round(share * 100)} %`;
    if (process.stdout.isTTY) process.stdout.write(`\rThe week: ${percent} ${share === 1 ? "\n" : ""}`);
  };
};

const greetingOf = ({ url, adminToken, stateDir }: Service, seconds: number): string => `
The demo runs at ${url} (its past took ${seconds} s to happen)

  admin token   ${adminToken}
  state         ${stateDir}

Sign in with the token; something happens several times a minute. Ctrl-C stops it.
`;

await runUntilStopped(async (undo) => {
  const days = daysOf(process.env.DEMO_DAYS);
  const stateDir = resolve(process.env.STATE_DIR ?? join(".state", "demo"));
  beginAnew(stateDir);
  const port = await findPort(Number(process.env.PORT ?? DEFAULT_PORT));
  if (port === null) throw new Refusal("the port is in use; PORT=<another> npm run demo takes another");
  const sinks = await startSinks();
  undo.push(() => sinks.close());
  const CLUSTERS = await startExporters(stateDir, `http://127.0.0.1:${port}`, sinks, undo);
  const env = { ...process.env, STATE_DIR: stateDir, PORT: String(port), CLUSTERS };

  const began = Date.now();
  const from = began - days * DAY_MS;
  const episodes = planEpisodes(from, began, SEED);
  const past = new Undoing();
  undo.push(() => past.all());
  const quietly = { ...env, LOG_LEVEL: "error" };
  const then = await startService(quietly, past, {
    print: () => {},
    entry: PAST_ENTRY,
    cron: false,
    firstTargets: false,
  });
  const tokens = await makePast(
    { facts: then, api: then.api, sinks, from, to: began },
    planSteps(episodes, began),
    showProgress(then),
  );
  await past.all();

  const service = await startService(env, undo, { print: () => {}, firstTargets: false });
  const open = episodes.filter(({ to }) => to === null);
  undo.push(await startTraffic(service, tokens, open, chanceOf(began)));
  console.log(greetingOf(service, Math.round((Date.now() - began) / 1000)));
  return service;
});
