/** Opaque cursors of lists: base64url of a direction and the key of a row. */
import type { Keyset } from "./db/history.ts";

export interface Cursor {
  readonly key: Keyset;
  /** `next` goes on in the order of the list, `prev` back. */
  readonly direction: "next" | "prev";
}

export const writeCursor = (key: Keyset, direction: Cursor["direction"] = "next"): string =>
  btoa(`${direction === "prev" ? "-" : ""}${key.at}:${key.fingerprint}:${key.seq}`)
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** null for what is no cursor of ours. */
export const readCursor = (text: string): Cursor | null => {
  try {
    const [at, fingerprint, seq] = atob(text.replaceAll("-", "+").replaceAll("_", "/")).split(":");
    const key = { at: Math.abs(Number(at)), fingerprint: fingerprint ?? "", seq: Number(seq) };
    if (!Number.isSafeInteger(key.at) || !Number.isSafeInteger(key.seq) || key.fingerprint === "") return null;
    return { key, direction: at?.startsWith("-") ? "prev" : "next" };
  } catch {
    // Not base64.
    return null;
  }
};
