import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Attempt } from "../../src/worker/objects/target-store.ts";
import { MAX_KEPT_BODY } from "../../src/worker/sent.ts";
import { get } from "../support/api.ts";
import { addTarget, advance, answerBy, queue, rowsOf, START, startClock } from "../support/delivery.ts";
import { type Receiver, receiver, watchOutside } from "../support/outside.ts";
import { createSink } from "../support/sinks/sink.ts";
import { createSlackBot } from "../support/sinks/slack.ts";
import { readerOf } from "../support/tokens.ts";

watchOutside();
beforeEach(() => startClock());
afterEach(() => vi.useRealTimers());

const SECRET = "T0SECRETPATH";
const TOKEN = "topsecretvalue";
let count = 0;

interface Shown {
  readonly request: { method: string; url: string; body: string } | null;
  readonly attempt: number | null;
  readonly origin: string;
  readonly note: string;
}

const define = (name: string, more: Record<string, unknown> = {}): Promise<string> =>
  addTarget({
    name,
    type: "webhook",
    url: `https://${name}.example.com/${SECRET}`,
    headers: { Authorization: `Bearer ${TOKEN}` },
    ...more,
  });

const hook = async (code: number): Promise<[string, Receiver]> => {
  const name = `sent-${++count}`;
  const host = receiver(`${name}.example.com`);
  host.answer = () => new Response("", { status: code });
  await define(name);
  return [name, host];
};

/** What is shown of the newest notification of a target, and the attempts it left. */
const shownOf = async (target: string, attempt?: number): Promise<Shown> => {
  const list = (await get(`/api/v1/notifications?target=${target}`)).json["notifications"] as unknown as {
    id: string;
  }[];
  const query = attempt === undefined ? "" : `?attempt=${attempt}`;
  const answer = await get(`/api/v1/notifications/${list[0]!.id}/request${query}`);
  expect(answer.status).toBe(200);
  return answer.json as unknown as Shown;
};
const attemptsOf = async (target: string): Promise<Attempt[]> =>
  JSON.parse((await rowsOf(target)).at(-1)!.attempts) as Attempt[];

describe("what was sent", () => {
  test("is shown as exactly that while it can be made again, and no longer once its target changed", async () => {
    const [name, host] = await hook(200);
    await queue(name, { subject: "s1", seq: 1 });
    const shown = await shownOf(name);
    expect(shown).toMatchObject({ origin: "exact", attempt: 1 });
    expect(shown.request?.body).toBe(host.received[0]!.body);
    await define(name, { headers: { Authorization: `Bearer ${TOKEN}`, "X-Team": "new" } });
    expect(await shownOf(name)).toMatchObject({ origin: "changed", attempt: 1 });
  });

  test("is kept where it failed, and shown even after its target changed", async () => {
    const [name, host] = await hook(404);
    await queue(name, { subject: "s2", seq: 1 });
    expect((await shownOf(name)).origin).toBe("exact");
    await define(name, { headers: { "X-Team": "new" } });
    const shown = await shownOf(name);
    expect(shown).toMatchObject({ origin: "kept", attempt: 1 });
    expect(shown.request?.body).toBe(host.received[0]!.body);
    expect(shown.request?.url).toBe(`https://${name}.example.com/***`);
  });

  test("holds no secret, in what is kept and in what is shown, and no more than a page", async () => {
    const [name] = await hook(404);
    const summary = `${SECRET} ${TOKEN} ${"long ".repeat(2_000)}`;
    await queue(name, { subject: "s3", seq: 1, summary });
    const row = (await rowsOf(name)).at(-1)!;
    expect(row.attempts).not.toMatch(/SECRETPATH|topsecret/);
    const [{ sent } = {} as Attempt] = await attemptsOf(name);
    expect(sent!.body.length).toBeLessThanOrEqual(MAX_KEPT_BODY);
    expect(sent!.length).toBeGreaterThan(MAX_KEPT_BODY);
    await define(name, { headers: {} });
    const shown = await shownOf(name);
    expect(shown.origin).toBe("kept");
    expect(shown.note).toContain(`of ${sent!.length} characters`);
    expect(JSON.stringify(shown)).not.toMatch(/SECRETPATH|topsecret/);
  });

  test("is kept once however often the same is tried, and each try says which it was", async () => {
    const [name, host] = await hook(500);
    await queue(name, { subject: "s4", seq: 1 });
    await advance(name, START + 60_000);
    const attempts = await attemptsOf(name);
    expect(attempts.length).toBeGreaterThan(2);
    expect(attempts.map(({ sent }) => sent !== undefined)).toEqual(attempts.map((_, i) => i === 0));
    expect(await shownOf(name, 2)).toMatchObject({ origin: "exact", attempt: 2 });
    await define(name, { headers: { "X-Team": "other" } });
    expect(await shownOf(name, 2)).toMatchObject({ origin: "kept", attempt: 2 });
    // What is tried now is another request: it is kept beside the first.
    await advance(name, START + 400_000);
    host.answer = () => new Response("");
    const later = await attemptsOf(name);
    expect(later.filter(({ sent }) => sent !== undefined)).toHaveLength(2);
    expect(await shownOf(name)).toMatchObject({ origin: "exact", attempt: later.at(-1)!.number });
  });

  test("is exact for a chat's edit and reply too, which depend on what the chat gave back", async () => {
    const name = `sent-${++count}`;
    const sink = createSink(createSlackBot("xoxb-1-2-token", ["C0OPS"]));
    const host = receiver(`${name}.slack.example.com`);
    host.answer = answerBy(sink);
    const url = `https://${name}.slack.example.com/api`;
    await addTarget({ name, type: "slack", url, bot_token: "xoxb-1-2-token", channel: "C0OPS" });
    await queue(name, { subject: "s5", seq: 1 });
    await queue(name, { subject: "s5", seq: 2, status: "resolved" });
    const attempts = await attemptsOf(name);
    expect(attempts).toHaveLength(2);
    for (const { number } of attempts) {
      const shown = await shownOf(name, number);
      expect(shown).toMatchObject({ origin: "exact", attempt: number });
      expect(shown.request?.body).toBe(host.received[number]!.body);
    }
  });

  test("of a template is shown to administrators only", async () => {
    const [name, host] = await hook(200);
    await define(name, { type: "template", template: `{"key":"${TOKEN}-of-a-template","status":"{{ status }}"}` });
    await queue(name, { subject: "s7", seq: 1 });
    expect(host.received[0]!.body).toContain("-of-a-template");
    const list = (await get(`/api/v1/notifications?target=${name}`)).json["notifications"] as unknown as {
      id: string;
    }[];
    const read = await readerOf("sent-reader");
    const seen = (await read(`/api/v1/notifications/${list[0]!.id}/request`)) as Shown;
    expect(seen).toMatchObject({ origin: "exact", request: { method: "POST", body: "" } });
    expect(JSON.stringify(seen)).not.toContain("of-a-template");
    expect((await shownOf(name)).request?.body).toContain("-of-a-template");
  });

  test("an attempt that is not kept is not there", async () => {
    const [name] = await hook(200);
    await queue(name, { subject: "s6", seq: 1 });
    const list = (await get(`/api/v1/notifications?target=${name}`)).json["notifications"] as unknown as {
      id: string;
    }[];
    expect((await get(`/api/v1/notifications/${list[0]!.id}/request?attempt=7`)).status).toBe(404);
  });
});
