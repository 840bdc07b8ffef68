/** What a variable may hold, what holds instead, and that readiness names every wrong one. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { app } from "../../src/worker/app.ts";
import { readBootstrapTokens } from "../../src/worker/bootstrap-tokens.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { forgetSettings } from "../../src/worker/settings.ts";
import { CHECKED_VARIABLES, invalidVariables, isOn, numberOf } from "../../src/worker/variables.ts";

const bindings = env as unknown as Bindings;
const withVariables = (variables: Record<string, string>): Bindings => ({ ...bindings, ...variables }) as Bindings;
const ask = (path: string, variables: Record<string, string>, init: RequestInit = {}) => {
  const headers = { authorization: "Bearer test-admin", "content-type": "application/json" };
  const request = new Request(`https://alerts.test${path}`, { headers, ...init });
  return app.fetch(request, withVariables(variables), createExecutionContext() as ExecutionContext);
};

const WRONG: Readonly<Record<string, string>> = {
  API_TOKENS: '[{"name":"x","sha256":"short","scopes":["read"]}]',
  CLUSTERS: '[{"name":"prod"}]',
  ENCRYPTION_KEYS: "k1:c2hvcnQ=",
  PUBLIC_URL: "alerts.example.com",
  LOG_LEVEL: "loud",
  RETENTION_DAYS: "0",
  MAX_BODY_BYTES: "10485761",
  MAX_ALERTS_PER_REQUEST: "1.5",
  RESOLVE_TIMEOUT: "5m",
  WEBHOOK_RESOLVE_TIMEOUT: "-1",
  INGEST_PENDING: "maybe",
  ENABLE_CLASSIFICATION: "perhaps",
  CLASSIFICATION_SUPPRESSION: "ture",
  CLASSIFICATION_THRESHOLD: "80",
  CLASSIFICATION_CACHE_TTL: "86401",
  PUBLISHING_ENABLED: "nope",
  METRICS_ONLY_MODE: "2",
  TARGET_DISCOVERY_ENABLED: "x",
  TARGET_REFRESH_INTERVAL: "59",
  HEALTH_INTERVAL: "1",
  HEALTH_TIMEOUT: "31",
  HEALTH_FAILURES: "0",
  HEALTH_SLOW_MS: "5s",
  RETRY_BASE_SECONDS: "0",
  RETRY_CAP_SECONDS: "301",
  RETRY_MAX_ATTEMPTS: "1.5",
  BREAKER_FAILURES: "0",
  BREAKER_OPEN_SECONDS: "0.5",
  BREAKER_SUCCESSES: "many",
  ALERT_SHARDS: "0",
  LLM_PROXY_URL: "ftp://llm.example.com",
  LLM_AUTH_HEADER: "two words",
  LLM_WIRE: "grpc",
  LLM_MODEL: "a model",
  LLM_TIMEOUT: "soon",
  LLM_MAX_RETRIES: "0",
  PROMPT_VERSION: "v 2",
  ALLOW_HTTP_TARGETS: "http://inside/",
  ROUTING_CONFIG: "route: {receiver: nobody}",
};

describe("a wrong value", () => {
  test.each(Object.entries(WRONG))(
    "of %s (%s) keeps it from being ready, by name and without the value",
    async (name, value) => {
      const response = await ask("/readyz", { [name]: value });
      const { status, detail } = (await response.json()) as { status: string; detail: string };
      expect([response.status, status]).toEqual([503, "not_ready"]);
      expect(detail).toMatch(new RegExp(`^${name} must be `));
      expect(detail.replace(/from .*/, "")).not.toContain(` ${value}`);
    },
  );

  test("of each variable there is has a case here", () => {
    expect([...CHECKED_VARIABLES].sort()).toEqual(Object.keys(WRONG).sort());
  });

  test("several are all named", () => {
    const wrong = invalidVariables(withVariables({ RESOLVE_TIMEOUT: "x", LOG_LEVEL: "y" }));
    expect(wrong.map(({ name }) => name)).toEqual(["RESOLVE_TIMEOUT", "LOG_LEVEL"]);
  });

  test("leaves the default in force", () => {
    const wrong = withVariables(WRONG);
    expect(numberOf(wrong, "RESOLVE_TIMEOUT")).toBe(300);
    expect(numberOf(wrong, "CLASSIFICATION_THRESHOLD")).toBe(0.8);
    expect(isOn(wrong, "CLASSIFICATION_SUPPRESSION")).toBe(false);
    expect(isOn(wrong, "PUBLISHING_ENABLED")).toBe(true);
  });

  test("of API_TOKENS locks nobody else out", async () => {
    expect((await ask("/api/v1/targets", { API_TOKENS: "no JSON" })).status).toBe(200);
    expect(readBootstrapTokens("[1]").ok).toBe(false);
  });

  test("of ENRICHMENT_MODE is passed over", async () => {
    expect((await ask("/readyz", { ENRICHMENT_MODE: "loud" })).status).toBe(200);
  });
});

test("as it runs here everything is valid", () => {
  expect(invalidVariables(bindings)).toEqual([]);
});

test("ROUTING_CONFIG is in force while no document is stored", async () => {
  forgetSettings();
  const document = "route: {receiver: all}\nreceivers: [{name: all, targets: [on-call]}]\n";
  const { routes } = (await (await ask("/api/v1/routes", { ROUTING_CONFIG: document })).json()) as { routes: object[] };
  expect(routes).toMatchObject([{ receiver: "all", targets: ["on-call"] }]);
  forgetSettings();
});

describe("limits of ingest may be lowered", () => {
  const alerts = (n: number) =>
    JSON.stringify({ alerts: Array.from({ length: n }, (_, i) => ({ labels: { i: `${i}` } })) });
  test("in alerts", async () => {
    const init = { method: "POST", body: alerts(3) };
    expect((await ask("/webhook", { MAX_ALERTS_PER_REQUEST: "2" }, init)).status).toBe(413);
    expect(
      (
        await ask(
          "/api/v2/alerts",
          { MAX_ALERTS_PER_REQUEST: "1" },
          { method: "POST", body: '[{"labels":{"a":"1"}},{"labels":{"a":"2"}}]' },
        )
      ).status,
    ).toBe(413);
  });
  test("in bytes", async () => {
    const init = { method: "POST", body: alerts(30) };
    expect((await ask("/webhook", { MAX_BODY_BYTES: "100" }, init)).status).toBe(413);
  });
});
