/** Requests to the Worker under test, as its callers make them. */
import { exports } from "cloudflare:workers";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests look into many shapes; each assertion says what it expects.
  readonly json: Record<string, unknown> & { [key: string]: never };
}

const call = async (method: string, path: string, token: string | null, body?: BodyInit | object): Promise<Answer> => {
  const raw =
    typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream || body === undefined;
  const response = await exports.default.fetch(
    new Request(`https://alerts.test${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  const json = response.headers.get("content-type")?.match(/\bjson/) ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, text, json };
};

/** As an administrator. */
export const get = (path: string) => call("GET", path, "test-admin");
export const post = (path: string, body: BodyInit | object) => call("POST", path, "test-admin", body);
export const put = (path: string, body: BodyInit | object) => call("PUT", path, "test-admin", body);
export const remove = (path: string) => call("DELETE", path, "test-admin");
/** As a sender of alerts. */
export const send = (body: BodyInit | object, path = "/webhook") => call("POST", path, "test-ingest", body);

/** Asks until it holds; fails after `withinMs` with the last answer. */
export const eventually = async <T>(
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  withinMs = 60_000,
): Promise<T> => {
  const until = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > until) throw new Error(`did not come true within ${withinMs} ms: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
