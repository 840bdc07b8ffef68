/** A number that rises when something of these kinds changed, for what is asked with more than a path. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { changesOf, type LiveKind, news, unnamedOf } from "./live.ts";

/** It rises at most this often, and this long after the change. */
export const useNews = (on: readonly LiveKind[], everyMs: number): number => {
  const told = useSignal(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const heard = useRef(news.peek());
  useSignalEffect(() => {
    const latest = news.value;
    if (latest === heard.current) return;
    heard.current = latest;
    if (!latest.missed && changesOf(latest, on).length + unnamedOf(latest, on) === 0) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      told.value += 1;
    }, everyMs);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return told.value;
};
