/** The start: who is signed in, then the page of the address. Pages are loaded when they are first opened. */
import { useSignal } from "@preact/signals";
import { type ComponentType, render } from "preact";
import { useEffect } from "preact/hooks";
import lazy from "preact-iso/lazy";
import { LocationProvider, Route, Router } from "preact-iso/router";
import type { SessionView } from "../worker/schemas.ts";
import { ApiError, get, session } from "./api.ts";
import { Overview } from "./pages/overview.tsx";
import { PAGES, type PagePath } from "./pages.ts";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import { Empty } from "./ui.tsx";

/** Not again at once: a page that is really broken must not reload for ever. */
const RELOAD_AFTER_MS = 60_000;
const RELOADED = "alert-history.reloaded";

/** A page whose part has not come by then is as good as gone. */
const PART_WITHIN_MS = 20_000;

const Gone = () => (
  <Empty title="This page could not be loaded.">
    <button type="button" onClick={() => location.reload()}>
      Load it again
    </button>
  </Empty>
);

const isServerThere = (): Promise<boolean> =>
  get("/healthz").then(
    () => true,
    () => false,
  );

/** A page's part is gone after a deployment of a newer version: the newer one is loaded whole, then. */
const page = (load: () => Promise<{ default: ComponentType }>): ComponentType =>
  lazy(async () => {
    try {
      const late = new Promise<never>((_, reject) => setTimeout(reject, PART_WITHIN_MS));
      return await Promise.race([load(), late]);
    } catch {
      const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
      // While the server is away, loading anew would leave nothing at all on the screen.
      if (Date.now() - last < RELOAD_AFTER_MS || !(await isServerThere())) return { default: Gone };
      sessionStorage.setItem(RELOADED, String(Date.now()));
      location.reload();
      return { default: () => <p class="loading">A newer version is being loaded …</p> };
    }
  });

const COMPONENTS: Readonly<Record<PagePath, ComponentType>> = {
  "/": Overview,
  "/alerts": page(() => import("./pages/alerts.tsx")),
  "/incidents": page(() => import("./pages/incidents.tsx")),
  "/targets": page(() => import("./pages/targets.tsx")),
  "/deliveries": page(() => import("./pages/deliveries.tsx")),
  "/dead-letters": page(() => import("./pages/dead-letters.tsx")),
  "/classification": page(() => import("./pages/classification.tsx")),
  "/routing": page(() => import("./pages/routing.tsx")),
  "/silences": page(() => import("./pages/silences.tsx")),
  "/settings": page(() => import("./pages/settings.tsx")),
};

/** Addresses of the older dashboard. */
const OLD_PAGES: readonly (readonly [string, PagePath])[] = [
  ["/dashboard", "/"],
  ["/dashboard/modern", "/"],
  ["/dashboard/publishing", "/deliveries"],
  ["/dashboard/targets", "/targets"],
  ["/dashboard/llm-metrics", "/classification"],
];

const Nowhere = () => (
  <Empty title="Nothing is at this address.">
    <p>
      <a href="/">Go to the overview</a>
    </p>
  </Empty>
);

const RETRY_MS = 3_000;

/** Asks who is signed in until somebody answers: a server that is away is no reason to ask for a token. */
const findSession = async (onSilence: () => void): Promise<void> => {
  for (;;) {
    try {
      session.value = await get<SessionView | null>("/api/v1/session");
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 0) {
        session.value = null;
        return;
      }
    }
    onSilence();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
};

const App = () => {
  const silent = useSignal(false);
  useEffect(() => {
    void findSession(() => {
      silent.value = true;
    });
  }, []);
  if (session.value === undefined) {
    return (
      <p class="loading" role="status">
        {silent.value ? "The server does not answer; asking again …" : "Loading …"}
      </p>
    );
  }
  if (session.value === null) return <SignIn />;
  return (
    <Shell>
      <Router>
        {PAGES.map(({ path }) => (
          <Route key={path} path={path} component={COMPONENTS[path]} />
        ))}
        <Route default component={Nowhere} />
      </Router>
    </Shell>
  );
};

const old = OLD_PAGES.find(([path]) => path === location.pathname);
if (old !== undefined) history.replaceState(null, "", old[1] + location.search);
render(
  <LocationProvider>
    <App />
  </LocationProvider>,
  document.getElementById("app") as HTMLElement,
);
