/**
 * Encryption at rest of target definitions: AES-256-GCM under the first of ENCRYPTION_KEYS, bound to what it belongs to.
 * The key id travels with the text, so that old texts open while a new key is already in use.
 */
import { err, ok, type Result } from "../core/result.ts";

export type SealError = "no_key" | "unknown_key" | "damaged";

interface RawKey {
  readonly kid: string;
  readonly raw: Uint8Array;
}
interface Key {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** AES-256. */
const KEY_BYTES = 32;
/** It stands between dots in every sealed text. */
const KID = /^[\w-]{1,32}$/;

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));

const rawKey = (text: string): Uint8Array | null => {
  try {
    const raw = fromBase64(text);
    return raw.length === KEY_BYTES ? raw : null;
  } catch {
    // No base64; the message would quote it.
    return null;
  }
};

/** `kid:base64,kid:base64`, newest first. A bad entry is told by its place and spoils no other. */
const readKeys = (
  text: string | undefined,
): { readonly keys: readonly RawKey[]; readonly defects: readonly string[] } => {
  const keys: RawKey[] = [];
  const defects: string[] = [];
  const entries = (text ?? "").trim() === "" ? [] : (text ?? "").split(",");
  entries.forEach((entry, index) => {
    const [, kid = "", base64 = ""] = /^([^:]*):(.*)$/s.exec(entry.trim()) ?? [];
    const raw = rawKey(base64);
    const refuse = (rule: string): void => void defects.push(`ENCRYPTION_KEYS/${index} ${rule}`);
    if (!KID.test(kid)) refuse("must be kid:base64, the kid of letters, digits, - and _");
    else if (raw === null) refuse(`must hold ${KEY_BYTES} bytes in base64`);
    else if (keys.some((key) => key.kid === kid)) refuse("has the kid of an earlier entry");
    else keys.push({ kid, raw });
  });
  return { keys, defects };
};

/** A sentence for each entry of ENCRYPTION_KEYS that is no key, without a word of it. */
export const keyDefects = (text: string | undefined): readonly string[] => readKeys(text).defects;

let imported: { readonly text: string; readonly keys: Promise<Key[]> } | null = null;

/** A thousand definitions are opened at once: the keys are imported once for each value of the secret. */
const keyring = (text: string | undefined): Promise<Key[]> => {
  if (imported?.text !== (text ?? "")) {
    const keys = readKeys(text).keys.map(async ({ kid, raw }) => {
      return { kid, key: await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]) };
    });
    imported = { text: text ?? "", keys: Promise.all(keys) };
  }
  return imported.keys;
};

/** How a text begins that the newest key sealed; null: there is no key. */
export const newestPrefix = (text: string | undefined): string | null => {
  const [newest] = readKeys(text).keys;
  return newest === undefined ? null : `v1.${newest.kid}.`;
};

/** Encrypts `text`, bound to `owner`; the answer is `v1.kid.iv.ciphertext`. Errors: no_key. */
export const seal = async (
  keys: string | undefined,
  owner: string,
  text: string,
): Promise<Result<string, SealError>> => {
  const [newest] = await keyring(keys);
  if (newest === undefined) return err("no_key");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(owner);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData },
    newest.key,
    new TextEncoder().encode(text),
  );
  return ok(`v1.${newest.kid}.${toBase64(iv)}.${toBase64(new Uint8Array(sealed))}`);
};

/** Decrypts what `seal` made for the same owner. Errors: unknown_key (not in ENCRYPTION_KEYS), damaged. */
export const unseal = async (
  keys: string | undefined,
  owner: string,
  sealed: string,
): Promise<Result<string, SealError>> => {
  const [version, kid, iv, text] = sealed.split(".");
  if (version !== "v1" || !kid || !iv || !text) return err("damaged");
  const key = (await keyring(keys)).find((candidate) => candidate.kid === kid);
  if (key === undefined) return err("unknown_key");
  try {
    const additionalData = new TextEncoder().encode(owner);
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: fromBase64(iv), additionalData },
      key.key,
      fromBase64(text),
    );
    return ok(new TextDecoder().decode(plain));
  } catch {
    // Web Crypto says no more than that the text was changed or the key is another.
    return err("damaged");
  }
};
