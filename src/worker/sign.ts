/** Signs a webhook after Standard Webhooks (targets.md 9) just before it is sent. Core only says that it wants this. */

const PREFIX = "whsec_";

const sign = async (key: string, content: Uint8Array): Promise<string> => {
  const bytes = Uint8Array.from(atob(key.replace(PREFIX, "")), (char) => char.charCodeAt(0));
  const imported = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", imported, content);
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
};

/**
 * The three headers of a signed webhook. `id` stays the same over retries, `timestampSeconds` is of this attempt, `body`
 * is exactly what is sent. One signature per key, so that a receiver may still know only the old one during a rotation.
 * Keys (`whsec_` and base64) were checked when the target was read; a broken one throws.
 */
export const signStandardWebhook = async (
  keys: readonly string[],
  id: string,
  timestampSeconds: number,
  body: string,
): Promise<Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>>> => {
  const content = new TextEncoder().encode(`${id}.${timestampSeconds}.${body}`);
  const signatures = await Promise.all(keys.map((key) => sign(key, content)));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
};
