/** The start: who is signed in, then the page of the address. Pages are loaded when they are first opened. */
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

const COMPONENTS: Readonly<Record<PagePath, ComponentType>> = {
  "/": Overview,
  "/alerts": lazy(() => import("./pages/alerts.tsx")),
  "/incidents": lazy(() => import("./pages/incidents.tsx")),
  "/targets": lazy(() => import("./pages/targets.tsx")),
  "/deliveries": lazy(() => import("./pages/deliveries.tsx")),
  "/dead-letters": lazy(() => import("./pages/dead-letters.tsx")),
  "/classification": lazy(() => import("./pages/classification.tsx")),
  "/routing": lazy(() => import("./pages/routing.tsx")),
  "/silences": lazy(() => import("./pages/silences.tsx")),
  "/settings": lazy(() => import("./pages/settings.tsx")),
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

const App = () => {
  useEffect(() => {
    get<SessionView>("/api/v1/session").then(
      (found) => {
        session.value = found;
      },
      (error: unknown) => {
        // Not reached is not signed out, but the form says the same in the end: try again.
        if (error instanceof ApiError) session.value = null;
      },
    );
  }, []);
  if (session.value === undefined) return <p class="loading">Loading …</p>;
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
