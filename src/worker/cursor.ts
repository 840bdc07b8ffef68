/** Opaque cursors of lists: base64url of the last row's key. */
import type { Keyset } from "./db/history.ts";

export const writeCursor = (key: Keyset): string =>
  btoa(`${key.at}:${key.fingerprint}:${key.seq}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** null for what is no cursor of ours. */
export const readCursor = (text: string): Keyset | null => {
  try {
    const [at, fingerprint, seq] = atob(text.replaceAll("-", "+").replaceAll("_", "/")).split(":");
    const key = { at: Number(at), fingerprint: fingerprint ?? "", seq: Number(seq) };
    return Number.isSafeInteger(key.at) && Number.isSafeInteger(key.seq) && key.fingerprint !== "" ? key : null;
  } catch {
    // Not base64.
    return null;
  }
};
