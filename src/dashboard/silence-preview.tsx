/** What a silence would mute: of what fires now, alert by alert, and of the last seven days. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, call } from "./api.ts";
import type { Matcher } from "./types.ts";
import { count } from "./ui.tsx";
import { useNews } from "./use-news.ts";

interface Muted {
  readonly events: number;
  readonly alerts: number;
  readonly total_alerts: number;
  readonly share: number;
  readonly names: readonly { readonly name: string; readonly events: number }[];
}
interface PreviewView {
  readonly past: Muted;
  readonly now: Muted;
  readonly events_are_capped: boolean;
}

/** While somebody types, every letter would be a question. */
const SETTLE_MS = 250;
/** How soon alerts that begin or end meanwhile are in the count. */
const FOLLOW_MS = 3_000;
/** More than this part of what fires is muted only by those who say that they mean it. */
export const BROAD_SHARE = 0.5;
const NAMES = 5;

const namesOf = ({ names }: Muted): string =>
  names.length === 0
    ? ""
    : `: ${names
        .slice(0, NAMES)
        .map(({ name }) => name)
        .join(", ")}${names.length > NAMES ? " and others" : ""}`;

interface PreviewProps {
  readonly matchers: readonly Matcher[];
  /** Told whether it is so broad that it has to be meant. */
  readonly onBroad: (broad: boolean) => void;
}

export const Preview = ({ matchers, onBroad }: PreviewProps) => {
  const found = useSignal<PreviewView | string | null>(null);
  const asked = JSON.stringify(matchers);
  const told = useRef(onBroad);
  told.current = onBroad;
  const shown = useRef("");
  const revision = useNews(["alert"], FOLLOW_MS);
  useEffect(() => {
    // What was counted stays while it is only counted again.
    if (shown.current !== asked) found.value = null;
    shown.current = asked;
    if (matchers.length === 0) return;
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const answer = await call<PreviewView>("POST", "/api/v1/silences/preview", { matchers }, controller.signal);
        found.value = answer;
        told.current(answer.now.share > BROAD_SHARE);
      } catch (error) {
        if (!controller.signal.aborted) found.value = error instanceof ApiError ? error.message : String(error);
      }
    };
    const timer = setTimeout(() => void ask(), SETTLE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [asked, revision]);
  if (matchers.length === 0) {
    return <p class="notice bad">Choose at least one label: nothing at all cannot be silenced.</p>;
  }
  const { value } = found;
  if (typeof value === "string") return <p class="notice bad">What it would mute could not be counted: {value}.</p>;
  return (
    <div class={`notice ${value !== null && value.now.share > BROAD_SHARE ? "bad" : ""}`} role="status">
      {value === null ? (
        "Counting …"
      ) : (
        <>
          <strong>
            Mutes {count(value.now.alerts)} of the {count(value.now.total_alerts)} alerts that are firing now
          </strong>
          {namesOf(value.now)}.
          <br />
          <span class="dim">
            In the last 7 days it would have muted {count(value.past.events)}
            {value.events_are_capped ? " or more" : ""} beginnings of {count(value.past.alerts)} alerts
            {namesOf(value.past)}.
          </span>
        </>
      )}
    </div>
  );
};
