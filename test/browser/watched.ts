/** Pages of which everything that goes wrong is noted: console errors, uncaught errors, breaches of the CSP, dialogs. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";

export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Everything noted so far. */
  readonly problems: readonly string[];
  /** While set, what the network does is expected to fail: the server is away. */
  networkDown: boolean;
  /** Throws with what was noted, and closes the page. */
  readonly end: () => Promise<void>;
}

declare global {
  interface Window {
    noteBreach: (text: string) => Promise<void>;
  }
}

/** What Chromium says by itself when a request or a socket cannot reach the server. */
const NETWORK = /net::ERR_|WebSocket connection to .* failed|Failed to load resource/;

const watch = async (context: BrowserContext): Promise<Watched> => {
  const problems: string[] = [];
  const page = await context.newPage();
  const watched: Watched = {
    page,
    context,
    problems,
    networkDown: false,
    async end() {
      await context.close();
      if (problems.length > 0) throw new Error([...new Set(problems)].slice(0, 10).join("\n"));
    },
  };
  const note = (what: string): void => {
    if (!(watched.networkDown && NETWORK.test(what))) problems.push(what);
  };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      note(`console ${message.type()} at ${page.url()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on("pageerror", (error) => note(`uncaught at ${page.url()}: ${error.stack ?? error.message}`));
  page.on("dialog", (dialog) => {
    note(`a dialog at ${page.url()}: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.exposeFunction("noteBreach", (text: string) => note(`CSP at ${page.url()}: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      void window.noteBreach(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return watched;
};

/** A page in a profile of its own, signed in where a token is given. */
export const openWatched = async (
  browser: Browser,
  url: string,
  token: string | null,
  options: BrowserContextOptions = {},
): Promise<Watched> => {
  const context = await browser.newContext({ baseURL: url, locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  context.setDefaultTimeout(STEP_MS);
  if (token !== null) {
    const answer = await context.request.post("/api/v1/session", { data: { token }, headers: { origin: url } });
    if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
  }
  return watch(context);
};

/** A step that takes longer has failed, on a busy machine too. */
export const STEP_MS = 20_000;
