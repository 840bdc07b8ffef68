/** What the demo asks of its Worker, as anybody could. */
import type { Facts } from "./greeting.ts";

/** The machine may be busy with the demo itself. */
const TIMEOUT_MS = 60_000;

/** Calls the API with a token, the administrator's unless another is given; throws when it refuses. */
export const callDemo = async <T>(
  { url, adminToken }: Pick<Facts, "url" | "adminToken">,
  method: string,
  path: string,
  body?: unknown,
  token = adminToken,
): Promise<T> => {
  const isText = typeof body === "string";
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": isText ? "text/plain" : "application/json" },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return (text === "" ? null : JSON.parse(text)) as T;
};

/** Sends alerts as the Alertmanager of a cluster does. */
export const sendAlerts = (facts: Pick<Facts, "url" | "adminToken">, token: string, alerts: readonly object[]) =>
  callDemo(
    facts,
    "POST",
    "/webhook",
    { version: "4", receiver: "alert-history", groupKey: "{}:{}", status: "firing", alerts },
    token,
  );
