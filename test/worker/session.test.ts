import { exports } from "cloudflare:workers";
import { describe, expect, onTestFinished, test, vi } from "vitest";

const ORIGIN = "https://alerts.test";
const ask = (path: string, init: RequestInit = {}) => exports.default.fetch(new Request(`${ORIGIN}${path}`, init));

const signIn = (token: string, headers: Record<string, string> = {}) =>
  ask("/api/v1/session", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ token }),
  });

const cookieOf = async (token = "test-admin"): Promise<string> =>
  ((await signIn(token)).headers.get("set-cookie") ?? "").split(";")[0] ?? "";

describe("signing in", () => {
  test("exchanges a token for a cookie that scripts cannot read, and says what it may do", async () => {
    const response = await signIn("test-admin");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ name: "admin", scopes: ["ingest", "read", "operate", "admin"] });
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
    expect(cookie).not.toContain("test-admin");
  });

  test.each([
    ["an unknown token", "nope", {}, 401],
    ["a token that may not read", "test-ingest", {}, 403],
    ["another site's page", "test-admin", { origin: "https://evil.test" }, 403],
  ])("refuses %s", async (_, token, headers, status) => {
    const response = await signIn(token, headers as Record<string, string>);
    expect([response.status, response.headers.get("set-cookie")]).toEqual([status, null]);
  });
});

describe("a session", () => {
  test("reads", async () => {
    const response = await ask("/api/v1/targets", { headers: { cookie: await cookieOf() } });
    expect(response.status).toBe(200);
  });

  test.each([
    ["the page itself", { "sec-fetch-site": "same-origin", "x-alert-history": "dashboard" }, 404],
    ["the page itself, in an older browser", { origin: ORIGIN, "x-alert-history": "dashboard" }, 404],
    ["the page without its header, as a form would", { "sec-fetch-site": "same-origin" }, 403],
    ["another site", { "sec-fetch-site": "cross-site", "x-alert-history": "dashboard" }, 403],
    ["another host of the same site", { "sec-fetch-site": "same-site", "x-alert-history": "dashboard" }, 403],
    ["another origin", { origin: "https://evil.test", "x-alert-history": "dashboard" }, 403],
    ["nobody knows who", { "x-alert-history": "dashboard" }, 403],
  ])("changes something for %s: %s", async (_, headers, status) => {
    const cookie = await cookieOf();
    const response = await ask("/api/v1/tokens/none", {
      method: "DELETE",
      headers: { cookie, ...(headers as Record<string, string>) },
    });
    expect(response.status).toBe(status);
  });

  test.each([
    ["with another signature", (cookie: string) => `${cookie.slice(0, -1)}${cookie.endsWith("0") ? "1" : "0"}`],
    ["made to last longer", (cookie: string) => cookie.replace(/=(\d+)/, (_, until) => `=${Number(until) + 1}`)],
    ["that is over", (cookie: string) => cookie.replace(/=(\d+)/, "=1000")],
    ["without content", () => "alert_history_session="],
  ])("%s is none", async (_, change) => {
    const response = await ask("/api/v1/targets", { headers: { cookie: change(await cookieOf()) } });
    expect(response.status).toBe(401);
  });

  test("ends with its token", async () => {
    const made = await ask("/api/v1/tokens", {
      method: "POST",
      headers: { authorization: "Bearer test-admin", "content-type": "application/json" },
      body: JSON.stringify({ name: "short-lived", scopes: ["read"] }),
    });
    const { token } = (await made.json()) as { token: string };
    const cookie = await cookieOf(token);
    expect((await ask("/api/v1/session", { headers: { cookie } })).status).toBe(200);
    await ask("/api/v1/tokens/short-lived", { method: "DELETE", headers: { authorization: "Bearer test-admin" } });
    expect((await ask("/api/v1/session", { headers: { cookie } })).status).toBe(204);
    const refused = await ask("/api/v1/targets", { headers: { cookie, "x-alert-history": "dashboard" } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).not.toContain("Basic");
  });
});

test("a token tells when it was last used, to the hour", async () => {
  // In the middle of an hour, wherever in its own this runs.
  const [hour, minute] = [3_600_000, 60_000];
  vi.useFakeTimers({ toFake: ["Date"], now: Math.floor(Date.now() / hour) * hour + 30 * minute });
  onTestFinished(() => void vi.useRealTimers());
  const admin = { authorization: "Bearer test-admin", "content-type": "application/json" };
  const made = await ask("/api/v1/tokens", {
    method: "POST",
    headers: admin,
    body: JSON.stringify({ name: "seldom", scopes: ["read"] }),
  });
  const { token } = (await made.json()) as { token: string };
  const lastUsed = async (): Promise<string | null> => {
    const { tokens } = (await (await ask("/api/v1/tokens", { headers: admin })).json()) as {
      tokens: { name: string; last_used_at: string | null }[];
    };
    return tokens.find(({ name }) => name === "seldom")?.last_used_at ?? null;
  };
  expect(await lastUsed()).toBeNull();
  await ask("/api/v1/targets", { headers: { authorization: `Bearer ${token}` } });
  await expect.poll(lastUsed).not.toBeNull();
  const first = await lastUsed();
  await ask("/api/v1/targets", { headers: { authorization: `Bearer ${token}` } });
  expect(await lastUsed()).toBe(first);
});
