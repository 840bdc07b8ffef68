/** The live feed: one socket while somebody looks, polling while it is down, nothing at all while paused. */
import { signal } from "@preact/signals";
import ReconnectingSocket from "partysocket/ws";
import { announce } from "./announce.ts";

export interface LiveChange {
  readonly type: string;
  readonly id: string;
  readonly status: string;
  readonly severity?: string;
}
interface Message {
  readonly type: "hello" | "changes";
  readonly seq: number;
  readonly changes?: readonly LiveChange[];
  readonly more?: number;
}

export type LiveState = "live" | "reconnecting" | "stale";
export const liveState = signal<LiveState>("reconnecting");
export const paused = signal(false);
/** Rises with everything that makes lists out of date. */
export const revision = signal(0);
/** Alerts told of so far: what is new since a list was read is the difference. */
export const changeCount = signal(0);
/** Changes that came in while paused. */
export const unseen = signal(0);

/** Without a sign of life for this long, what is shown is called stale. */
const STALE_MS = 60_000;
const POLL_MS = 30_000;
const PING_MS = 25_000;

let socket: ReconnectingSocket | null = null;
let timer: ReturnType<typeof setInterval> | null = null;
let lastSeq = 0;
let lastSign = 0;
let lastPoll = 0;

const bump = (): void => {
  revision.value += 1;
};

const onMessage = (text: string): void => {
  lastSign = Date.now();
  if (text === "pong") return;
  const message = JSON.parse(text) as Message;
  if (message.type === "hello") {
    // Whatever happened while nobody listened has to be asked for.
    if (lastSeq !== 0 && message.seq !== lastSeq && !paused.value) bump();
    lastSeq = message.seq;
    return;
  }
  const missed = lastSeq !== 0 && message.seq !== lastSeq + 1;
  lastSeq = message.seq;
  const count = (message.changes?.length ?? 0) + (message.more ?? 0);
  const alerts = message.changes?.filter((change) => change.type === "alert" && change.status === "firing") ?? [];
  const critical = alerts.filter((change) => change.severity === "critical").length;
  if (alerts.length > 0) announce(`${alerts.length} firing${critical > 0 ? `, ${critical} critical` : ""}`);
  changeCount.value += new Set(message.changes?.filter(({ type }) => type === "alert").map(({ id }) => id)).size;
  if (paused.value) unseen.value += count + (missed ? 1 : 0);
  else bump();
};

const watch = (): void => {
  const at = Date.now();
  const open = socket?.readyState === 1;
  if (open && at - lastSign > PING_MS) socket?.send("ping");
  liveState.value = at - lastSign > STALE_MS ? "stale" : open ? "live" : "reconnecting";
  if (!open && !paused.value && !document.hidden && at - lastPoll > POLL_MS) {
    lastPoll = at;
    bump();
  }
};

export const connectLive = (): void => {
  if (socket !== null) return;
  lastSign = lastPoll = Date.now();
  socket = new ReconnectingSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`, [], {
    minReconnectionDelay: 500,
    maxReconnectionDelay: 10_000,
    connectionTimeout: 5_000,
  });
  socket.addEventListener("open", () => {
    lastSign = Date.now();
    watch();
  });
  socket.addEventListener("close", watch);
  socket.addEventListener("message", (event) => onMessage(String((event as MessageEvent).data)));
  timer = setInterval(watch, 5_000);
};

export const disconnectLive = (): void => {
  socket?.close();
  socket = null;
  if (timer !== null) clearInterval(timer);
};

export const refreshAll = (): void => {
  unseen.value = 0;
  bump();
};

export const togglePause = (): void => {
  paused.value = !paused.value;
  if (!paused.value) refreshAll();
};
