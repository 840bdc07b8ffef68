import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Bindings } from "../../src/worker/env.ts";
import type { LiveBatch, LiveChange } from "../../src/worker/live.ts";
import type { LiveFeed } from "../../src/worker/objects/live-feed.ts";
import { eventually, get, post, put, remove, send } from "../support/api.ts";
import { addTarget, queue } from "../support/delivery.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();

const bindings = env as unknown as Bindings;
const ORIGIN = "https://alerts.test";
const feed = () => bindings.LIVE.getByName("main");

interface Message {
  readonly type: string;
  readonly seq: number;
  readonly changes?: readonly LiveChange[];
  readonly more?: Readonly<Record<string, number>>;
}

interface Listener {
  readonly messages: readonly Message[];
  /** Close code, once it was closed. */
  readonly closed: () => number | null;
  readonly heard: (type: string, id?: string) => LiveChange | undefined;
}

interface JobList {
  readonly notifications: readonly { readonly id: string; readonly fingerprint: string }[];
}

const open: WebSocket[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const socket of open.splice(0)) socket.close();
});

const upgrade = (headers: Record<string, string>): Promise<Response> =>
  exports.default.fetch(new Request(`${ORIGIN}/api/v1/live`, { headers: { upgrade: "websocket", ...headers } }));

const listen = (token = "test-admin"): Promise<Listener> => listenWith({ authorization: `Bearer ${token}` });

const listenWith = async (headers: Record<string, string>): Promise<Listener> => {
  const response = await upgrade({ ...headers, origin: ORIGIN });
  expect(response.status).toBe(101);
  const socket = response.webSocket!;
  const messages: Message[] = [];
  let closed: number | null = null;
  socket.addEventListener("message", ({ data }) => {
    messages.push(JSON.parse(String(data)) as Message);
  });
  socket.addEventListener("close", ({ code }) => {
    closed = code;
  });
  socket.accept();
  open.push(socket);
  const heard = (type: string, id?: string): LiveChange | undefined =>
    messages
      .flatMap(({ changes = [] }) => changes)
      .findLast((c) => c.type === type && (id === undefined || c.id === id));
  await eventually(
    async () => messages.length,
    (n) => n > 0,
  );
  return { messages, closed: () => closed, heard };
};

const tokenOf = async (name: string, scopes: readonly string[], expiresAt?: number): Promise<string> => {
  const expires = expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() };
  return (await post("/api/v1/tokens", { name, scopes, ...expires })).json["token"] as unknown as string;
};

/** As an isolate does with what it noted. */
const tellAll = (live: LiveBatch): Promise<boolean> =>
  Promise.resolve(
    bindings.METRICS.getByName("main").add({
      counts: {},
      levels: {},
      presence: { isolate: "test", openHistoryRequests: 0 },
      live,
    }),
  );
const tell = (status: string): Promise<unknown> =>
  tellAll({ changes: [{ type: "mode", id: "test", status }], more: {} });

/** Close code of a socket whose token is over. */
const SIGNED_OUT = 4401;
const HOUR_MS = 3_600_000;
const silence = (): object => ({
  matchers: [{ name: "alertname", value: "LiveSilence", isRegex: false }],
  startsAt: new Date().toISOString(),
  endsAt: new Date(Date.now() + HOUR_MS).toISOString(),
  createdBy: "test",
  comment: "heard live",
});

describe("the live feed tells", () => {
  test("hello first, then what changed, in numbers without a gap", async () => {
    const { messages, heard } = await listen();
    await send({ alertname: "SeenLive", severity: "critical" });
    await eventually(
      async () => heard("alert"),
      (change) => change !== undefined,
    );
    expect(heard("alert")).toMatchObject({ status: "firing", severity: "critical" });
    expect(messages[0]).toMatchObject({ type: "hello" });
    expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, i) => messages[0]!.seq + i));
  });

  test("goes on counting where it was after the object slept", async () => {
    const { messages, heard } = await listen();
    await evictDurableObject(feed(), { webSockets: "hibernate" });
    await send({ alertname: "AfterSleep" });
    await eventually(
      async () => heard("alert"),
      (change) => change !== undefined,
    );
    expect(messages[1]?.seq).toBe(messages[0]!.seq + 1);
  });

  test("a silence that is made and ended", async () => {
    const { heard } = await listen();
    const id = (await post("/api/v2/silences", silence())).json["silenceID"] as unknown as string;
    await eventually(
      async () => heard("silence", id)?.status,
      (status) => status === "active",
    );
    await remove(`/api/v2/silence/${id}`);
    await eventually(
      async () => heard("silence", id)?.status,
      (status) => status === "expired",
    );
  });

  test("a mode that is switched", async () => {
    const { heard } = await listen();
    await post("/enrichment/mode", { mode: "shadow", reason: "test" });
    await eventually(
      async () => heard("mode")?.status,
      (status) => status === "shadow",
    );
    await remove("/enrichment/mode");
  });

  test("a configuration that is put in force, a filter rule, a target", async () => {
    const { heard } = await listen();
    await addTarget({ name: "live-added", type: "webhook", url: "https://live-added.example.com/in" });
    await eventually(
      async () => heard("target", "live-added")?.status,
      (status) => status === "added",
    );
    const rule = { name: "live-rule", action: "deny", conditions: { alert_name_pattern: "NeverSeen" } };
    expect((await post("/proxy/filters/rules", rule)).status).toBe(201);
    await eventually(
      async () => heard("filter", "live-rule"),
      (change) => change !== undefined,
    );
    const { version } = (await put("/api/v1/config", "route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n"))
      .json;
    await eventually(
      async () => heard("config", String(version)),
      (change) => change !== undefined,
    );
  });

  test("how a delivery went, a dead letter sent again and discarded, a breaker that opens", async () => {
    const host = receiver("live-target.example.com");
    host.answer = () => new Response("no", { status: 404 });
    await addTarget({ name: "live-target", type: "webhook", url: "https://live-target.example.com/in" });
    const { heard } = await listen();
    const deliver = async (subject: string): Promise<string> => {
      await queue("live-target", { subject, seq: 1 });
      const { notifications } = (await get("/api/v1/notifications?target=live-target")).json as unknown as JobList;
      return notifications.find(({ fingerprint }) => fingerprint === subject)!.id;
    };
    const told = (id: string, wanted: string) =>
      eventually(
        async () => heard("delivery", id)?.status,
        (status) => status === wanted,
      );
    const first = await deliver("live1");
    await told(first, "dead");
    host.answer = () => new Response("ok");
    await post(`/publishing/dlq/${first}/replay`, {});
    await told(first, "replayed");
    await remove(`/api/v1/dead-letters/${first}`);
    await told(first, "discarded");
    await told(await deliver("live2"), "delivered");
    host.answer = () => new Response("broken", { status: 500 });
    await told(await deliver("live3"), "retry");
    for (const subject of ["live4", "live5", "live6", "live7"]) await deliver(subject);
    await eventually(
      async () => heard("target", "live-target")?.status,
      (status) => status === "breaker_open",
    );
    // What it tells of can be read at once, and not only after cron has looked.
    const shown = (await get("/publishing/targets/live-target")).json["target"] as unknown as Record<string, string>;
    expect(shown["circuit_breaker_state"]).toBe("open");
  });

  test("how many more there were than it names", async () => {
    const { messages } = await listen();
    const changes = Array.from({ length: 150 }, (_, i) => ({
      type: "delivery" as const,
      id: `many-${i}`,
      status: "dead",
    }));
    await tellAll({ changes: [...changes, { type: "alert", id: "beside", status: "firing" }], more: { delivery: 7 } });
    await eventually(
      async () => messages.length,
      (n) => n > 1,
    );
    const named = messages[1]?.changes ?? [];
    expect(named.filter(({ id }) => id.startsWith("many-"))).toHaveLength(100);
    expect(named).toContainEqual({ type: "alert", id: "beside", status: "firing" });
    expect(messages[1]?.more).toEqual({ delivery: 57 });
  });
});

describe("the live feed", () => {
  test("is for no other site, no stranger and no plain request", async () => {
    expect((await upgrade({ authorization: "Bearer test-admin", origin: "https://evil.test" })).status).toBe(403);
    expect((await upgrade({ authorization: "Bearer nobody" })).status).toBe(401);
    expect((await upgrade({ authorization: "Bearer test-ingest" })).status).toBe(403);
    expect((await get("/api/v1/live")).status).toBe(400);
  });

  test("tells who may only read nothing of tokens, and leaves no gap in their numbers", async () => {
    const reader = await listen(await tokenOf("live-reader", ["read"]));
    const admin = await listen();
    await tokenOf("live-other", ["read"]);
    await eventually(
      async () => admin.heard("token", "live-other"),
      (change) => change !== undefined,
    );
    await post("/enrichment/mode", { mode: "shadow" });
    await eventually(
      async () => reader.heard("mode"),
      (change) => change !== undefined,
    );
    expect(reader.heard("token")).toBeUndefined();
    const seqs = reader.messages.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i));
    await remove("/enrichment/mode");
  });

  test("ends with a token that is revoked, and with nobody else's", async () => {
    const revoked = await listen(await tokenOf("live-revoked", ["read"]));
    const other = await listen();
    await remove("/api/v1/tokens/live-revoked");
    await eventually(
      async () => revoked.closed(),
      (code) => code === SIGNED_OUT,
    );
    await send({ alertname: "StillTold" });
    await eventually(
      async () => other.heard("alert"),
      (change) => change !== undefined,
    );
    expect(other.closed()).toBeNull();
  });

  test("ends with a token that expired or was revoked out of sight, at the look it takes every minute", async () => {
    const expired = await listen(await tokenOf("live-expired", ["read"]));
    const gone = await listen(await tokenOf("live-gone", ["read"]));
    const other = await listen();
    await bindings.DB.batch([
      bindings.DB.prepare("UPDATE tokens SET expires_at = 1 WHERE name = 'live-expired'"),
      bindings.DB.prepare("DELETE FROM tokens WHERE name = 'live-gone'"),
    ]);
    const next = await runInDurableObject(feed(), (_, state) => state.storage.getAlarm());
    expect(next! - Date.now()).toBeLessThanOrEqual(60_000);
    expect(await runDurableObjectAlarm(feed())).toBe(true);
    for (const { closed } of [expired, gone]) {
      await eventually(
        async () => closed(),
        (code) => code === SIGNED_OUT,
      );
    }
    expect(other.closed()).toBeNull();
    expect(await runInDurableObject(feed(), (_, state) => state.storage.getAlarm())).not.toBeNull();
  });

  test("ends with its session", async () => {
    const signedIn = await exports.default.fetch(
      new Request(`${ORIGIN}/api/v1/session`, {
        method: "POST",
        body: JSON.stringify({ token: "test-admin" }),
        headers: { "content-type": "application/json" },
      }),
    );
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const { closed } = await listenWith({ cookie });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 8 * 24 * HOUR_MS });
    await runDurableObjectAlarm(feed());
    await expect.poll(closed).toBe(SIGNED_OUT);
  });

  test("is not called while nobody looks, and again as soon as somebody does", async () => {
    for (const socket of open.splice(0)) socket.close();
    await eventually(
      () => Promise.resolve(feed().connections()),
      (n) => n === 0,
    );
    const told: string[] = [];
    const restore = await runInDurableObject(feed(), (instance) => {
      const prototype = Object.getPrototypeOf(instance) as LiveFeed;
      const { notify } = prototype;
      prototype.notify = function noted(batch) {
        told.push(...batch.changes.map(({ status }) => status));
        return notify.call(this, batch);
      };
      return () => {
        prototype.notify = notify;
      };
    });
    // The first still goes there: its answer says that nobody is there any more.
    await tell("unseen-1");
    await eventually(
      async () => told,
      (list) => list.includes("unseen-1"),
    );
    await tell("unseen-2");
    const { messages } = await listen();
    await tell("seen");
    await eventually(
      async () => messages.length,
      (n) => n > 1,
    );
    restore();
    expect(told.filter((status) => status.includes("seen"))).toEqual(["unseen-1", "seen"]);
  });
});
