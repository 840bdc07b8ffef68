/** Calls of the API with the session's cookie. What the server refuses comes back as an ApiError with its own sentence. */
import { signal } from "@preact/signals";
import type { SessionView } from "../worker/schemas.ts";

/** undefined: not asked yet; null: signed out. */
export const session = signal<SessionView | null | undefined>(undefined);

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** A server that takes longer is as good as away for whoever looks at a screen. */
const TIMEOUT_MS = 20_000;

const problemOf = (status: number, text: string): string => {
  try {
    const body = JSON.parse(text) as { detail?: unknown; message?: unknown } | string;
    if (typeof body === "string") return body;
    const detail = body.detail ?? body.message;
    if (typeof detail === "string") return detail;
  } catch {
    // Not JSON: shown by its status alone.
  }
  return `the server answered ${status}`;
};

/** Asks the API, a text being sent as it is; throws ApiError, status 0 where nobody answered. */
export const call = async <T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> => {
  let response: Response;
  try {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    response = await fetch(path, {
      method,
      // What was told to have changed is asked of the server, however old an answer may be for others.
      cache: "no-store",
      headers: {
        accept: "application/json",
        "x-alert-history": "dashboard",
        ...headers,
        ...(body === undefined ? {} : { "content-type": typeof body === "string" ? "text/plain" : "application/json" }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "the server does not answer");
  }
  const text = await response.text();
  if (response.status === 401 && path !== "/api/v1/session") session.value = null;
  // A component that is unhealthy is said with 503 and a body all the same.
  const isReport = response.status === 503 && !response.headers.get("content-type")?.includes("problem");
  if (!response.ok && !isReport) throw new ApiError(response.status, problemOf(response.status, text));
  return (text === "" ? null : JSON.parse(text)) as T;
};

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>("GET", path, undefined, signal);

export const may = (scope: SessionView["scopes"][number]): boolean => session.value?.scopes.includes(scope) ?? false;

/** A path with the parameters that have a value. */
export const withQuery = (
  path: string,
  query: Readonly<Record<string, string | number | null | undefined>>,
): string => {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === null || value === undefined || value === "" ? [] : [[key, String(value)]],
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`;
};

export const signOut = async (): Promise<void> => {
  const before = session.value;
  // Nothing is shown meanwhile: a page that asks once more would be refused.
  session.value = undefined;
  try {
    await call("DELETE", "/api/v1/session");
    session.value = null;
  } catch (error) {
    session.value = before;
    throw error;
  }
};
