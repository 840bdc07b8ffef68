/**
 * Encryption at rest of target definitions: AES-256-GCM under the first of ENCRYPTION_KEYS, bound to the target's name.
 * The key id travels with the text, so that old texts open while a new key is already in use.
 */
import { err, ok, type Result } from "../core/result.ts";

export type SealError = "no_key" | "unknown_key" | "damaged";

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));

/** `kid:base64,kid:base64`, newest first. */
const readKeys = (text: string | undefined): { kid: string; raw: Uint8Array }[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim().split(":"))
    .flatMap(([kid, raw]) => (kid && raw ? [{ kid, raw: fromBase64(raw) }] : []));

const importKey = (raw: Uint8Array): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

/** Encrypts `text` for `name`; the answer is `v1.kid.iv.ciphertext`. Errors: no_key. */
export const seal = async (
  keys: string | undefined,
  name: string,
  text: string,
): Promise<Result<string, SealError>> => {
  const [newest] = readKeys(keys);
  if (newest === undefined) return err("no_key");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(name);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData },
    await importKey(newest.raw),
    new TextEncoder().encode(text),
  );
  return ok(`v1.${newest.kid}.${toBase64(iv)}.${toBase64(new Uint8Array(sealed))}`);
};

/** Decrypts what `seal` made for the same name. Errors: unknown_key (not in ENCRYPTION_KEYS), damaged. */
export const unseal = async (
  keys: string | undefined,
  name: string,
  sealed: string,
): Promise<Result<string, SealError>> => {
  const [version, kid, iv, text] = sealed.split(".");
  if (version !== "v1" || !kid || !iv || !text) return err("damaged");
  const key = readKeys(keys).find((candidate) => candidate.kid === kid);
  if (key === undefined) return err("unknown_key");
  try {
    const additionalData = new TextEncoder().encode(name);
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: fromBase64(iv), additionalData },
      await importKey(key.raw),
      fromBase64(text),
    );
    return ok(new TextDecoder().decode(plain));
  } catch {
    // Web Crypto says no more than that the text was changed or the key is another.
    return err("damaged");
  }
};
