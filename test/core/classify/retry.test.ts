import { describe, expect, test } from "vitest";
import { isUnhealthy } from "../../../src/core/classify/call.ts";
import { failureOfStatus, readRetryAfter, waitBeforeRetry } from "../../../src/core/classify/retry.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("a status that is no answer", () => {
  test.each([
    [429, "rate_limited", true, true],
    [500, "server_error", true, true],
    [503, "server_error", true, true],
    [529, "server_error", true, true],
    [400, "client_error", false, false],
    [401, "client_error", false, true],
    [403, "client_error", false, true],
    [404, "client_error", false, true],
    [413, "client_error", false, false],
    [422, "client_error", false, false],
    [302, "client_error", false, true],
  ] as const)("%d is %s, repeated: %s, a sign of ill health: %s", (status, reason, retryable, unhealthy) => {
    expect(failureOfStatus(status, null, NOW)).toMatchObject({ reason, retryable, statusCode: status });
    expect(isUnhealthy(reason, status)).toBe(unhealthy);
  });
});

test.each([
  ["2", 2000],
  [" 0 ", 0],
  ["Thu, 01 Jan 2026 00:00:03 GMT", 3000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["soon", null],
  ["", null],
  [null, null],
])("Retry-After %j is %j ms", (value, ms) => {
  expect(readRetryAfter(value, NOW)).toBe(ms);
});

describe("the wait before a repeat", () => {
  const failure = failureOfStatus(500, null, NOW);
  const asked = (seconds: string) => failureOfStatus(429, seconds, NOW);
  const input = { failure, attempt: 1, maxAttempts: 3, now: NOW, until: NOW + 5000, jitter: 0 };
  const rows: readonly [string, Parameters<typeof waitBeforeRetry>[0], number | null][] = [
    ["starts at 200 ms", input, 200],
    ["doubles", { ...input, attempt: 2 }, 400],
    ["jitter shortens it by up to half", { ...input, jitter: 1 }, 100],
    ["there is none after the last attempt", { ...input, attempt: 3 }, null],
    ["there is none for what no repeat helps", { ...input, failure: failureOfStatus(401, null, NOW) }, null],
    ["Retry-After is kept", { ...input, failure: asked("2") }, 2000],
    ["a Retry-After beyond the deadline is not waited for", { ...input, failure: asked("5") }, null],
    ["an attempt needs 300 ms before the deadline", { ...input, until: NOW + 499 }, null],
    ["and starts where it has them", { ...input, until: NOW + 500 }, 200],
  ];
  test.each(rows)("%s", (_sentence, given, wait) => {
    expect(waitBeforeRetry(given)).toBe(wait);
  });
});
