/** What people and old clients see of publishing when they define targets and look at what waits or failed. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { get, post } from "../support/api.ts";
import { addTarget, idle, queue, startClock } from "../support/delivery.ts";
import { type Receiver, receiver, watchOutside } from "../support/outside.ts";

watchOutside();
afterEach(() => vi.useRealTimers());

type Json = Record<string, unknown>;
const items = (answer: { json: unknown }, key: string): Json[] => (answer.json as Record<string, Json[]>)[key]!;
let count = 0;
const target = async (code: number): Promise<[string, Receiver]> => {
  const name = `surface-${++count}`;
  const host = receiver(`${name}.example.com`);
  host.answer = () => new Response("said so", { status: code });
  await addTarget({ name, type: "webhook", url: `https://${name}.example.com/in` });
  return [name, host];
};

describe("a target that somebody defines", () => {
  const definition = { name: "templated", type: "webhook", format: "template", url: "https://templated.example.com/" };

  test.each([
    ["an unknown filter", "one\ntwo\n  {{ status | nosuch }}", "text/plain", "line 3, column 3: undefined filter"],
    ["a tag that is not closed", "one\n{% if status %}x", "text/plain", "line 2, column 1: tag {% if status %}"],
    [
      "a result that is no JSON",
      '{"a": {{ status }} }',
      "application/json",
      "line 1, column 1: the result is not valid",
    ],
  ])("is refused with the place of %s in its template", async (_, template, content_type, message) => {
    const { status, json } = await post("/api/v1/targets", { ...definition, template, content_type });
    expect([status, json.detail]).toEqual([422, expect.stringContaining(message)]);
    expect(items({ json }, "errors")).toEqual([{ path: "/template", message: expect.stringContaining(message) }]);
    expect((await get("/publishing/targets/templated")).status).toBe(404);
  });

  test("is stored with a word on every key that means nothing", async () => {
    const body = { ...definition, template: '{"status":"{{ status }}"}', signing_secrt: "x" };
    const { status, json } = await post("/api/v1/targets", body);
    expect([status, json.warnings]).toEqual([201, ["the unknown key signing_secrt is ignored"]]);
  });
});

describe("dead letters", () => {
  test("are not replayed where nothing is named", async () => {
    startClock();
    const [name, host] = await target(404);
    await queue(name, { subject: "unnamed", seq: 1 });
    host.received.length = 0;
    for (const body of [{}, { dry_run: true }, { to_target: name }, { state: "dead" }]) {
      expect([body, (await post("/api/v1/dead-letters/replay", body)).status]).toEqual([body, 422]);
    }
    await idle(name);
    expect(host.received).toEqual([]);
    const named = await post("/api/v1/dead-letters/replay", { from: "2000-01-01T00:00:00Z", target: name });
    expect(named.json).toMatchObject({ matched: 1, replayed: 1 });
    await idle(name);
    expect(host.received).toHaveLength(1);
  });
});
