/** What the browser tests look at: the product as `npm start` runs it, with some of everything in it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { ROOT } from "../../src/local/files.ts";
import { type Instance, startInstance, startScript, until } from "../e2e/instance.ts";
import type { Report } from "../e2e/report.ts";
import { freePort } from "../support/ports.ts";
import { launchChromium } from "./chromium.ts";
import { type Receivers, startReceivers } from "./receivers.ts";
import { openWatched, type Watched } from "./watched.ts";

/** Of pages on which a test failed. */
const FAILURES = join(ROOT, ".build/browser-failures");
/** What takes longer to get through the pipeline has failed. */
const SETTLED_WITHIN_MS = 240_000;

export interface Visit {
  /** Signed in with it; the admin's by default, null for nobody. */
  readonly token?: string | null;
  readonly options?: BrowserContextOptions;
}

export interface World {
  readonly report: Report;
  readonly browser: Browser;
  readonly receivers: Receivers;
  readonly url: string;
  readonly adminToken: string;
  /** May only read. */
  readonly readToken: string;
  /** Runs a check on a page of its own; it fails by what it throws and by anything that went wrong on the page. */
  readonly visit: (what: string, run: (watched: Watched) => Promise<void>, visit?: Visit) => Promise<void>;
  readonly ingest: (alerts: readonly object[]) => Promise<void>;
  /** Calls the API as the administrator; throws when it refuses. */
  readonly api: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const startWorld = async (report: Report): Promise<World> => {
  const stateDir = mkdtempSync(join(tmpdir(), "browser-"));
  const port = String(await freePort());
  const receivers = await startReceivers();
  const browser = await launchChromium();
  let instance: Instance | null = null;
  const running = (): Instance => {
    if (instance === null) throw new Error("the service is stopped");
    return instance;
  };
  const start = async (): Promise<void> => {
    instance = await startInstance({
      cwd: ROOT,
      command: startScript(ROOT),
      env: { PORT: port, STATE_DIR: stateDir },
    });
  };
  const stop = async (): Promise<void> => {
    const ending = instance;
    instance = null;
    ending?.signal("SIGTERM");
    await ending?.ended;
  };
  const api = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const text = typeof body === "string";
    const response = await fetch(`${running().url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${running().adminToken}`,
        "content-type": text ? "text/plain" : "application/json",
      },
      ...(body === undefined ? {} : { body: text ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.slice(0, 500)}`);
    return (answer === "" ? null : JSON.parse(answer)) as T;
  };
  await start();
  const { token: readToken } = await api<{ token: string }>("POST", "/api/v1/tokens", {
    name: "night-watch",
    scopes: ["read"],
  });
  const visit: World["visit"] = (what, run, { token = running().adminToken, options = {} } = {}) =>
    report
      .attempt(what, async () => {
        const watched = await openWatched(browser, running().url, token, options);
        try {
          await run(watched);
        } catch (error) {
          mkdirSync(FAILURES, { recursive: true });
          const path = join(FAILURES, `${what.replace(/\W+/g, "-").slice(0, 80)}.png`);
          await watched.page.screenshot({ path }).catch(() => {});
          const told = await watched.tell();
          await watched.context.close();
          throw new Error(told, { cause: error });
        }
        await watched.end();
      })
      .then(() => {});
  return {
    report,
    browser,
    receivers,
    url: running().url,
    adminToken: running().adminToken,
    readToken,
    visit,
    api,
    start,
    stop,
    async ingest(alerts) {
      const response = await fetch(`${running().url}/webhook`, {
        method: "POST",
        headers: { authorization: `Bearer ${running().ingestToken}` },
        body: JSON.stringify(alerts),
      });
      if (!response.ok) throw new Error(`POST /webhook: ${response.status} ${await response.text()}`);
      await response.body?.cancel();
    },
    async close() {
      await browser.close();
      await stop();
      receivers.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
};

/** Waits until it holds; throws when it does not within the time. */
export const settled = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
  if ((await until(SETTLED_WITHIN_MS, async () => ((await ask()) ? true : null))) === null) {
    throw new Error(`${what}: not within ${SETTLED_WITHIN_MS / 1000} s`);
  }
};
