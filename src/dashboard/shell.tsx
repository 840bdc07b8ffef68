/** What surrounds every page: navigation, the state of the live feed, time, help. */
import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { announcement, attempt, copyLink } from "./announce.ts";
import { session, signOut } from "./api.ts";
import { Help } from "./help.tsx";
import { useKeys } from "./keys.ts";
import { connectLive, disconnectLive, liveState, paused, refreshAll, togglePause, unseen } from "./live.ts";
import { PAGES } from "./pages.ts";
import { carried, hrefWith, useQuery } from "./query.ts";
import { RangePicker } from "./range-picker.tsx";
import { theme, zone } from "./settings.ts";
import { zoneName } from "./time.ts";
import { Toast } from "./toast.tsx";

const THEMES = { system: "light", light: "dark", dark: "system" } as const;

const LIVE_HINT = {
  live: "Changes appear by themselves.",
  reconnecting: "The live feed is being connected again; until then the page asks every 30 seconds.",
  stale: "Nothing has been heard from the server for a minute: what you see may be out of date.",
};

const toggleZone = (): void => {
  zone.value = zone.value === "utc" ? "local" : "utc";
};
const nextTheme = (): void => {
  theme.value = THEMES[theme.value];
};

const LiveButton = () => {
  const label = useComputed(() => (paused.value ? "paused" : liveState.value));
  return (
    <button
      type="button"
      class={`live ${label.value}`}
      aria-pressed={paused.value}
      title={paused.value ? "Paused. Press to go on." : `${LIVE_HINT[liveState.value]} Press to pause.`}
      onClick={togglePause}
    >
      <span class="dot" aria-hidden="true" />
      {label.value}
      {paused.value && unseen.value > 0 ? ` · ${unseen.value} new` : ""}
    </button>
  );
};

/** Not scrollIntoView: after it the Tab key would go on from there and past the link to the content. */
const showCurrent = (nav: HTMLElement): void => {
  const link = nav.querySelector("[aria-current]")?.getBoundingClientRect();
  const list = nav.querySelector("ul");
  const box = list?.getBoundingClientRect();
  if (link === undefined || list === null || box === undefined) return;
  list.scrollLeft += link.left + link.width / 2 - (box.left + box.width / 2);
};

export const Shell = ({ children }: { readonly children: ComponentChildren }) => {
  const { path, query, go } = useQuery();
  const help = useSignal(false);
  useEffect(() => {
    connectLive();
    return disconnectLive;
  }, []);
  const hrefOf = (to: string): string => hrefWith(to, carried(query));
  useKeys({
    ...Object.fromEntries(PAGES.map((page) => [`g ${page.key}`, () => go(hrefOf(page.path))])),
    u: toggleZone,
    ".": nextTheme,
    " ": togglePause,
    y: copyLink,
    "?": () => {
      help.value = true;
    },
  });
  const here = PAGES.find((page) => page.path === path);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    if (nav.current !== null) showCurrent(nav.current);
    document.title = here === undefined ? "Alert History" : `${here.title} · Alert History`;
  }, [here]);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to content
      </a>
      <nav class="side" aria-label="Pages" ref={nav}>
        <a class="brand" href={hrefOf("/")}>
          <img src="/icon.svg" alt="" width="22" height="22" /> <span>Alert History</span>
        </a>
        <ul>
          {PAGES.map((page) => (
            <li key={page.path}>
              <a href={hrefOf(page.path)} aria-current={page.path === here?.path ? "page" : undefined}>
                {page.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="main">
        <header class="top">
          <h1>{here?.title ?? "Nothing here"}</h1>
          <div class="tools">
            <LiveButton />
            {(paused.value || liveState.value !== "live") && (
              <button type="button" onClick={refreshAll} title="Ask for everything again">
                Refresh
              </button>
            )}
            <RangePicker />
            <button type="button" onClick={toggleZone} title="Switch between local time and UTC (u)">
              {zoneName()}
            </button>
            <button type="button" class="wide" onClick={nextTheme} title="Light, dark, or as the system says (.)">
              <span aria-hidden="true">◐</span> {theme.value === "system" ? "auto" : theme.value}
            </button>
            <button
              type="button"
              class="wide"
              onClick={() => {
                help.value = true;
              }}
              aria-label="Keys and help"
            >
              ?
            </button>
            <button
              type="button"
              class="wide"
              title={`Signed in as ${session.value?.name ?? ""}`}
              onClick={() => void attempt(signOut, "Signed out")}
            >
              Sign out
            </button>
          </div>
        </header>
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
      <div class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </div>
      <Toast />
      {help.value && (
        <Help
          onClose={() => {
            help.value = false;
          }}
        />
      )}
    </div>
  );
};
