import { exports } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import recording from "../fixtures/amtool.json" with { type: "json" };
import { eventually, put } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

// Every exchange of the real amtool with a running service (test/e2e/amtool.ts), asked again in the same order.
watchOutside();
receiver("pager.example.com");

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const isWhole = (pattern: RegExp, text: string): boolean => text.replace(pattern, "") === "" && text !== "";

/** What stands for a recorded id or time in this run, as our own answers have told it. */
const known = new Map<string, string>();

/** The recorded answer with what this run's answer has in place of its ids and times; both are of one shape. */
const inTermsOf = (recorded: unknown, live: unknown): unknown => {
  if (typeof recorded === "string" && typeof live === "string") {
    if (![TIME, ID].some((pattern) => isWhole(pattern, recorded) && isWhole(pattern, live))) return recorded;
    known.set(recorded, live);
    return live;
  }
  if (Array.isArray(recorded)) return recorded.map((item, i) => inTermsOf(item, Array.isArray(live) ? live[i] : null));
  if (typeof recorded !== "object" || recorded === null) return recorded;
  const other = (live ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(recorded).map(([key, value]) => [key, inTermsOf(value, other[key])]));
};

/** A recorded request as it is now: known ids and times as they are here, other times as far from now as they were. */
const asNow = (text: string, at: string): string =>
  text
    .replace(ID, (id) => known.get(id) ?? id)
    .replace(TIME, (time) =>
      time.startsWith("0001")
        ? time
        : (known.get(time) ?? new Date(Date.now() + Date.parse(time) - Date.parse(at)).toISOString()),
    );

const AUTHORIZATION: Readonly<Record<string, string>> = {
  Basic: `Basic ${btoa("any:test-admin")}`,
  Bearer: "Bearer test-admin",
};

const ask = async ({ method, path, authorization, body, at }: (typeof recording.recorded)[0]["exchanges"][0]) => {
  const response = await exports.default.fetch(
    new Request(`https://alerts.test${asNow(path, at)}`, {
      method,
      headers: { authorization: AUTHORIZATION[authorization] ?? "", "content-type": "application/json" },
      ...(body === "" ? {} : { body: asNow(body, at) }),
    }),
  );
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type") ?? "", text };
};

const parse = (text: string): unknown => (text === "" ? "" : JSON.parse(text));

beforeAll(async () => {
  expect((await put("/api/v1/config", recording.document)).status).toBe(200);
});

test.each(recording.recorded.map((one) => [one.command, one] as const))("amtool %s", async (_, { exchanges }) => {
  for (const exchange of exchanges) {
    const recorded = parse(exchange.answer);
    // What it added is shown once it is processed; only asking can be repeated.
    const answer = await eventually(
      () => ask(exchange),
      ({ text }) =>
        exchange.method !== "GET" || JSON.stringify(inTermsOf(recorded, parse(text))) === JSON.stringify(parse(text)),
    );
    expect([answer.status, answer.type]).toEqual([exchange.status, exchange.type]);
    expect(parse(answer.text)).toEqual(inTermsOf(recorded, parse(answer.text)));
  }
});

test("the recording holds what amtool does, and all of it succeeded but what had to fail", () => {
  const failed = recording.recorded.filter(({ exit }) => exit !== 0).map(({ command }) => command);
  expect(failed).toEqual(["silence expire 00000000-0000-4000-8000-000000000000"]);
  for (const word of [
    ...["alert add", "alert query", "silence add", "silence query", "silence update", "silence expire"],
    ...["silence import", "config show", "config routes show", "config routes test", "cluster show", "check-config"],
  ]) {
    expect(recording.recorded.some(({ command }) => command.includes(word))).toBe(true);
  }
});
