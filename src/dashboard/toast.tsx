/**
 * What has just been done or has failed. Behind an open dialog nothing is seen or read out, so the topmost dialog shows
 * it; the regions stand there before there is anything to say, or nobody would be told.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { toast } from "./announce.ts";

/** How many dialogs lie over the page. */
const dialogs = signal(0);

/** Counts a dialog while it is open, and says how deep it lies. */
export const useDialogDepth = (): void => {
  useEffect(() => {
    dialogs.value += 1;
    return () => {
      dialogs.value -= 1;
    };
  }, []);
};

const Region = ({ kind }: { readonly kind: "done" | "failed" }) => (
  <div role={kind === "failed" ? "alert" : "status"}>
    {toast.value?.kind === kind && <div class={`toast ${kind}`}>{toast.value.text}</div>}
  </div>
);

/** Shown by the page, and by a dialog over it. */
export const Toast = ({ over = false }: { readonly over?: boolean }) =>
  over === dialogs.value > 0 ? (
    <>
      <Region kind="done" />
      <Region kind="failed" />
    </>
  ) : null;
