import { describe, expect, test } from "vitest";
import { pauseOf, retryAfterMs, waitOf } from "../../../src/core/publish/wait.ts";

const NOW = Date.UTC(2026, 10, 24, 3, 10, 0);

describe("Retry-After", () => {
  test.each([
    ["whole seconds", "120", 120_000],
    ["fractional seconds", "1.5", 1500],
    ["zero is at once", "0", 0],
    ["blanks around it", " 7 ", 7000],
    ["an HTTP date", "Tue, 24 Nov 2026 03:10:30 GMT", 30_000],
    ["a date of RFC 850", "Tuesday, 24-Nov-26 03:10:30 GMT", 30_000],
    ["a date of C's asctime, which has no zone", "Tue Nov 24 03:10:30 2026", 30_000],
    ["a date in the past is at once", "Tue, 24 Nov 2026 03:00:00 GMT", 0],
    ["a huge number is capped at one hour", "99999999999", 3_600_000],
    ["a far date is capped too", "Tue, 24 Nov 2099 03:10:30 GMT", 3_600_000],
    ["negative is garbage", "-5", null],
    ["words are garbage", "soon", null],
    ["a bare year is no date", "2026", 2_026_000],
    ["an ISO date is not what HTTP writes", "2026-11-24T03:10:30Z", null],
    ["a broken date", "Tue, 99 Foo 2026 99:99:99 GMT", null],
    ["Infinity", "Infinity", null],
    ["hexadecimal", "0x10", null],
    ["nothing", "", null],
    ["absent", undefined, null],
  ])("%s", (_, value, expected) => expect(retryAfterMs(value, NOW)).toBe(expected));
});

const answer = (status: number, headers: Readonly<Record<string, string>>) =>
  ({ kind: "answer", status, headers, body: "" }) as const;

describe("where the wait is written", () => {
  test.each([
    ["the header", answer(503, { "retry-after": "3" }), undefined, 3000],
    ["its name in any case", answer(503, { "RETRY-After": "3" }), undefined, 3000],
    ["Discord's body", answer(429, {}), { retry_after: 0.333 }, 333],
    ["Telegram's body", answer(429, {}), { parameters: { retry_after: 5 } }, 5000],
    ["the longer of header and body", answer(429, { "retry-after": "1" }), { retry_after: 2.5 }, 2500],
    ["Discord's reset header", answer(429, { "x-ratelimit-reset-after": "4.2" }), undefined, 4200],
    ["Rootly's reset, a point in time", answer(429, { "ratelimit-reset": String(NOW / 1000 + 9) }), undefined, 9000],
    ["the same name with a length of time", answer(429, { "ratelimit-reset": "9" }), undefined, 9000],
    ["Retry-After before the reset", answer(429, { "retry-after": "2", "ratelimit-reset": "60" }), undefined, 2000],
    ["a reset says nothing about a 500", answer(500, { "ratelimit-reset": "60" }), undefined, null],
    ["a negative number in the body", answer(429, {}), { retry_after: -1 }, null],
    ["a text in the body", answer(429, {}), { retry_after: "5" }, null],
    ["a year of waiting in the body", answer(429, {}), { retry_after: 31_536_000 }, 3_600_000],
    ["nothing", answer(429, {}), null, null],
  ])("%s", (_, given, json, expected) => expect(waitOf(given, json, NOW)).toBe(expected));
});

test("an empty bucket pauses, one with room does not", () => {
  const headers = { "X-RateLimit-Reset-After": "2.5" };
  expect(pauseOf(answer(200, { ...headers, "X-RateLimit-Remaining": "0" }), NOW)).toBe(2500);
  expect(pauseOf(answer(200, { ...headers, "X-RateLimit-Remaining": "1" }), NOW)).toBeNull();
  expect(pauseOf(answer(200, {}), NOW)).toBeNull();
});
