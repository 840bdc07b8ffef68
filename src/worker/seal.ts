/**
 * Encryption at rest of target definitions: AES-256-GCM under the first of ENCRYPTION_KEYS, bound to what it belongs to.
 * The key id travels with the text, so that old texts open while a new key is already in use.
 */
import { err, ok, type Result } from "../core/result.ts";

export type SealError = "no_key" | "unknown_key" | "damaged";

interface Key {
  readonly kid: string;
  readonly key: CryptoKey;
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));

/** `kid:base64,kid:base64`, newest first. */
const importKeys = (text: string): Promise<Key[]> =>
  Promise.all(
    text
      .split(",")
      .map((part) => part.trim().split(":"))
      .flatMap(([kid, raw]) => (kid && raw ? [{ kid, raw: fromBase64(raw) }] : []))
      .map(async ({ kid, raw }) => ({
        kid,
        key: await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]),
      })),
  );

let imported: { readonly text: string; readonly keys: Promise<Key[]> } | null = null;

/** A thousand definitions are opened at once: the keys are imported once for each value of the secret. */
const keyring = (text: string | undefined): Promise<Key[]> => {
  if (imported?.text !== (text ?? "")) imported = { text: text ?? "", keys: importKeys(text ?? "") };
  return imported.keys;
};

/** Whether `sealed` was made with the newest key. */
export const isNewest = (keys: string | undefined, sealed: string): boolean => {
  const kid = (keys ?? "").split(",")[0]?.split(":")[0]?.trim();
  return kid !== undefined && sealed.startsWith(`v1.${kid}.`);
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
