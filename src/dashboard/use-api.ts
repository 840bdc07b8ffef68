/** A part of a page that shows what a path answers: asked again when something it is about changed, kept while it is asked. */
import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, get } from "./api.ts";
import { changesOf, type LiveChange, type LiveKind, liveState, news, paused, unnamedOf } from "./live.ts";

export interface Loaded<T> {
  /** The last answer for this path, perhaps for a range that has moved on a little. */
  readonly value: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
}

export interface Asked<T> extends Loaded<T> {
  /** Things that changed since it was asked, while it was held. */
  readonly waiting: number;
  readonly refresh: () => void;
}

/** Live changes come twice a second; a list need not be asked for more often than this. */
export const SETTLE_MS = 1_500;

/** The path without its time range: a range that moves on with the clock asks the same question. */
const questionOf = (path: string | null): string | null => path?.replace(/([?&])(?:from|to)=[^&]*/g, "$1") ?? null;

interface Following {
  /** Changes of these kinds make the answer old; without any it stays as it is until `refresh` is called. */
  readonly on?: readonly LiveKind[];
  /** Of these kinds only the changes that this says yes to. */
  readonly about?: (change: LiveChange) => boolean;
  /** It is not asked for more often than this, however much changes. */
  readonly everyMs?: number;
  /** Somebody is busy with what is shown: changes are only counted until it is refreshed. */
  readonly hold?: boolean;
  /** What no change tells, as when a sender was heard of last, is asked for this often while somebody looks. */
  readonly pollMs?: number;
}

/** A path of null asks for nothing. */
export const useApi = <T>(
  path: string | null,
  { on = [], about, everyMs = SETTLE_MS, hold = false, pollMs }: Following = {},
): Asked<T> => {
  const state: Signal<Loaded<T> & { readonly path: string | null }> = useSignal({
    path,
    value: null,
    error: null,
    loading: true,
  });
  const running = useRef<AbortController | null>(null);
  const lastAsked = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const changed = useRef(new Set<string>());
  const waiting = useSignal(0);
  const inFlight = useRef(false);
  const again = useRef(false);
  const following = useRef({ on, about, everyMs, hold });
  following.current = { on, about, everyMs, hold };

  const isSame = (other: string | null): boolean => questionOf(other) === questionOf(path);
  // A slow answer is waited for: asking anew each time something changes would never show any.
  const later = (): void => {
    again.current = false;
    clearTimeout(timer.current);
    const wait = Math.max(0, lastAsked.current + following.current.everyMs - Date.now());
    timer.current = setTimeout(() => {
      if (inFlight.current) again.current = true;
      else void latest.current();
    }, wait);
  };
  const ask = async (): Promise<void> => {
    if (path === null) return;
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    lastAsked.current = Date.now();
    changed.current.clear();
    waiting.value = 0;
    inFlight.current = true;
    const before = state.peek();
    state.value = isSame(before.path)
      ? { ...before, path, loading: true }
      : { path, value: null, error: null, loading: true };
    try {
      const value = await get<T>(path, controller.signal);
      if (!controller.signal.aborted) state.value = { path, value, error: null, loading: false };
    } catch (error) {
      if (controller.signal.aborted) return;
      const failed = error instanceof ApiError ? error : new ApiError(0, String(error));
      state.value = { ...state.peek(), error: failed, loading: false };
    }
    inFlight.current = false;
    if (again.current) later();
  };
  const latest = useRef(ask);
  latest.current = ask;

  useEffect(() => {
    void latest.current();
    return () => {
      running.current?.abort();
      clearTimeout(timer.current);
    };
  }, [path]);

  useEffect(() => {
    if (pollMs === undefined) return;
    const poll = setInterval(() => {
      // While the feed is down everything is polled anyway.
      if (document.hidden || paused.peek() || liveState.peek() !== "live") return;
      if (following.current.hold || inFlight.current) return;
      if (Date.now() - lastAsked.current >= pollMs / 2) void latest.current();
    }, pollMs);
    return () => clearInterval(poll);
  }, [pollMs]);

  const heard = useRef(news.peek());
  useSignalEffect(() => {
    const told = news.value;
    const now = following.current;
    if (told === heard.current || now.on.length === 0) return;
    heard.current = told;
    const named = changesOf(told, now.on, now.about);
    const unnamed = unnamedOf(told, now.on);
    if (!told.missed && named.length + unnamed === 0) return;
    if (!now.hold) {
      later();
      return;
    }
    for (const { type, id } of named) changed.current.add(`${type} ${id}`);
    // A change nobody counted, as after a gap, is one at least.
    waiting.value = Math.max(1, changed.current.size + unnamed);
  });

  // Whoever has done with a row wants to see what came meanwhile.
  useEffect(() => {
    if (!hold && waiting.peek() > 0) later();
  }, [hold]);

  const { value, error, loading } = state.value;
  return {
    value: isSame(state.value.path) ? value : null,
    error,
    loading,
    waiting: waiting.value,
    refresh: () => void latest.current(),
  };
};
