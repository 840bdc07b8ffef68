/** Pages of which everything that goes wrong is noted: console errors, uncaught errors, breaches of the CSP, dialogs. */
import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from "playwright-core";

export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Everything noted so far. */
  readonly problems: readonly string[];
  /** While set, what the network does is expected to fail: the server is away. */
  networkDown: boolean;
  /** What the page shows and what became of its last requests, for a failure that only says what was not there. */
  readonly tell: () => Promise<string>;
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

/** Requests that are told of, the newest of them; a page that loads makes some twenty. */
const MAX_REQUESTS = 40;
const MAX_HTML = 2_000;

/** Notes every request with what became of it; answers how they stand. */
const watchRequests = (page: Page): (() => string[]) => {
  const requests = new Map<Request, { readonly at: number; outcome: string }>();
  const note = (request: Request, outcome: string): void => {
    const known = requests.get(request);
    if (known !== undefined) known.outcome = `${outcome} after ${Date.now() - known.at} ms`;
  };
  page.on("request", (request) => requests.set(request, { at: Date.now(), outcome: "" }));
  page.on("response", (response) => note(response.request(), `${response.status()} begun`));
  page.on("requestfailed", (request) => note(request, `failed: ${request.failure()?.errorText}`));
  page.on("requestfinished", (request) => {
    // A page that is closed just then has no answer any more, and nobody asks for it.
    void request.response().then(
      (response) => note(request, String(response?.status())),
      () => undefined,
    );
  });
  return () =>
    [...requests].slice(-MAX_REQUESTS).map(([request, { at, outcome }]) => {
      const pending = `no answer for ${Date.now() - at} ms`;
      return `${request.method()} ${request.url()}: ${outcome === "" ? pending : outcome}`;
    });
};

const watch = async (context: BrowserContext): Promise<Watched> => {
  const problems: string[] = [];
  const page = await context.newPage();
  const requests = watchRequests(page);
  const watched: Watched = {
    page,
    context,
    problems,
    networkDown: false,
    async tell() {
      // A page that hangs does not say what it shows either.
      const hangs = new Promise<string>((resolve) => setTimeout(resolve, 5_000, "(the page does not answer)"));
      const html = page
        .evaluate(() => (document.querySelector("main") ?? document.body)?.outerHTML ?? "")
        .catch((error: Error) => `(${error.message})`);
      const shown = (await Promise.race([html, hangs])).replaceAll("\n", " ").slice(0, MAX_HTML);
      return [`at ${page.url()}`, ...requests(), ...new Set(problems), shown].join("\n");
    },
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
export const STEP_MS = 60_000;
