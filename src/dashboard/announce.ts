/** One polite region tells counts to those who listen; never single rows, and not more often than they can follow. */
import { signal } from "@preact/signals";

export const announcement = signal("");
const EVERY_MS = 5_000;
let last = 0;

export const announce = (text: string): void => {
  const at = Date.now();
  if (at - last < EVERY_MS) return;
  last = at;
  announcement.value = text;
};

/** What has just been done or has failed, shown for some seconds. */
export interface Toast {
  readonly text: string;
  readonly kind: "done" | "failed";
}
export const toast = signal<Toast | null>(null);
const SHOWN_MS = 6_000;
let hide: ReturnType<typeof setTimeout> | undefined;

export const say = (text: string, kind: Toast["kind"] = "done"): void => {
  toast.value = { text, kind };
  clearTimeout(hide);
  hide = setTimeout(() => {
    toast.value = null;
  }, SHOWN_MS);
};

/** Runs what a button does; says what failed, and what is done unless that is seen anyway (null). */
export const attempt = async (work: () => Promise<unknown>, done: string | null): Promise<boolean> => {
  try {
    await work();
    if (done !== null) say(done);
    return true;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "failed");
    return false;
  }
};

/** Puts the address of what is looked at into the clipboard. */
export const copyLink = (): void =>
  void attempt(() => navigator.clipboard.writeText(location.href), "The link is in the clipboard");
