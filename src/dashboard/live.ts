/**
 * The live feed: one socket tells what changed, and whoever shows such a thing asks for it again. Polling while the socket
 * is down, nothing at all while paused or out of sight.
 */
import { signal } from "@preact/signals";
import ReconnectingSocket from "partysocket/ws";
import type { LiveBatch, LiveChange, LiveKind } from "../worker/live.ts";
import type { SessionView } from "../worker/schemas.ts";
import { announce } from "./announce.ts";
import { get, session } from "./api.ts";

export type { LiveChange, LiveKind };

type Message =
  | { readonly type: "hello"; readonly seq: number }
  | (LiveBatch & { readonly type: "changes"; readonly seq: number });

/** What was told last, a new one each time. */
export interface News extends LiveBatch {
  /** Something was missed, or may have been: everything is to be asked for. */
  readonly missed: boolean;
}
const MISSED = { changes: [], more: {} };

export type LiveState = "live" | "reconnecting" | "stale";
export const liveState = signal<LiveState>("reconnecting");
export const paused = signal(false);
export const news = signal<News>({ ...MISSED, missed: false });
/** Alerts that changed while paused. */
export const unseen = signal(0);

/** Without a sign of life for this long, what is shown is called stale. */
const STALE_MS = 60_000;
const POLL_MS = 30_000;
const PING_MS = 25_000;
/** A socket that answers no ping for this long is dead, whatever it says. */
const DEAD_MS = 40_000;
/** What nobody tells, as numbers that only time changes, and what a crash kept from being told. */
const REFRESH_MS = 300_000;
/** The server closes with it what was opened with a token or session that is over. */
const SIGNED_OUT = 4401;

let socket: ReconnectingSocket | null = null;
let timer: ReturnType<typeof setInterval> | null = null;
let lastSeq = 0;
let lastSign = 0;
let lastAll = 0;
/** Something was told while the page was out of sight. */
let missedHidden = false;
const unseenAlerts = new Set<string>();

const askAll = (): void => {
  lastAll = Date.now();
  missedHidden = false;
  news.value = { ...MISSED, missed: true };
};

/** The changes of these kinds, and of these only those it is about. */
export const changesOf = (told: LiveBatch, on: readonly LiveKind[], about?: (change: LiveChange) => boolean) =>
  told.changes.filter((change) => on.includes(change.type) && (about === undefined || about(change)));

/** How many of these kinds were not named. */
export const unnamedOf = ({ more }: LiveBatch, on: readonly LiveKind[]): number =>
  on.reduce((sum, kind) => sum + (more[kind] ?? 0), 0);

const announceFiring = (told: LiveBatch): void => {
  const firing = told.changes.filter(({ type, status }) => type === "alert" && status === "firing");
  const critical = firing.filter(({ severity }) => severity === "critical").length;
  if (firing.length > 0) announce(`${firing.length} firing${critical > 0 ? `, ${critical} critical` : ""}`);
};

const onMessage = (text: string): void => {
  lastSign = Date.now();
  if (text === "pong") return;
  const message = JSON.parse(text) as Message;
  const missed = message.type === "hello" || message.seq !== lastSeq + 1;
  lastSeq = message.seq;
  if (message.type === "changes") announceFiring(message);
  if (paused.value) {
    if (message.type === "hello") return;
    for (const { id } of changesOf(message, ["alert"])) unseenAlerts.add(id);
    unseen.value = unseenAlerts.size + unnamedOf(message, ["alert"]);
  } else if (document.hidden) missedHidden = true;
  // Whatever happened while nobody listened has to be asked for.
  else if (missed) askAll();
  else if (message.type === "changes") news.value = { ...message, missed: false };
};

const watch = (): void => {
  const at = Date.now();
  const isOpen = socket?.readyState === 1;
  if (isOpen && at - lastSign > DEAD_MS) socket?.reconnect();
  else if (isOpen && at - lastSign > PING_MS) socket?.send("ping");
  liveState.value = at - lastSign > STALE_MS ? "stale" : isOpen ? "live" : "reconnecting";
  if (paused.value || document.hidden) return;
  if (at - lastAll > (liveState.value === "live" ? REFRESH_MS : POLL_MS)) askAll();
};

const onVisible = (): void => {
  if (!document.hidden && missedHidden && !paused.value) askAll();
};

/** The token may be over, or only this session of it: asked, rather than tried again and again. */
const onClose = ({ code }: { readonly code: number }): void => {
  watch();
  if (code !== SIGNED_OUT) return;
  disconnectLive();
  void get<SessionView | null>("/api/v1/session").then((found) => {
    session.value = found;
    if (found !== null) connectLive();
  }, connectLive);
};

export const connectLive = (): void => {
  if (socket !== null) return;
  lastSign = lastAll = Date.now();
  socket = new ReconnectingSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`, [], {
    minReconnectionDelay: 500,
    maxReconnectionDelay: 10_000,
    connectionTimeout: 5_000,
  });
  socket.addEventListener("open", () => {
    lastSign = Date.now();
    watch();
  });
  socket.addEventListener("close", (event) => onClose(event as unknown as { readonly code: number }));
  socket.addEventListener("message", (event) => onMessage(String((event as MessageEvent).data)));
  document.addEventListener("visibilitychange", onVisible);
  timer = setInterval(watch, 5_000);
};

export const disconnectLive = (): void => {
  socket?.close();
  socket = null;
  document.removeEventListener("visibilitychange", onVisible);
  if (timer !== null) clearInterval(timer);
};

export const refreshAll = (): void => {
  unseenAlerts.clear();
  unseen.value = 0;
  askAll();
};

export const togglePause = (): void => {
  paused.value = !paused.value;
  if (!paused.value) refreshAll();
};
