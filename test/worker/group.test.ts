import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fingerprint } from "../../src/core/alert/fingerprint.ts";
import type { GroupJoin } from "../../src/core/pipeline/process.ts";
import type { AlertGroup } from "../../src/worker/objects/alert-group.ts";
import { eventually, post } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const chat = receiver("chat.example.com");
const each = receiver("each.example.com");
/** Of each test: a real alarm set by it is then as far off as the test means it to be. */
let start = 0;
const at = (seconds: number) => vi.useFakeTimers({ toFake: ["Date"], now: start + seconds * 1000 });

beforeAll(async () => {
  await post("/api/v1/targets", {
    name: "chat",
    type: "webhook",
    format: "alertmanager",
    url: "https://chat.example.com/hook",
  });
  await post("/api/v1/targets", {
    name: "each",
    type: "webhook",
    format: "alertmanager",
    per: "alert",
    url: "https://each.example.com/hook",
  });
});
beforeEach(() => {
  start = Date.now();
  chat.received.length = 0;
});
afterEach(() => vi.useRealTimers());

let count = 0;
const group = () => {
  const subject = `gtest${++count}`;
  const stub = env.GROUPS.getByName(subject) as DurableObjectStub<AlertGroup>;
  const join = (instance: string, seq: number, status: "firing" | "resolved", seconds: number): GroupJoin => {
    const labels = { alertname: `Grouped${count}`, instance };
    const member = {
      fingerprint: fingerprint(labels),
      seq,
      status,
      labels,
      annotations: {},
      startsAt: start,
      endsAt: status === "resolved" ? start + seconds * 1000 : null,
      generatorURL: "",
      severity: "warning" as const,
      classification: null,
      receivedAt: start + seconds * 1000,
    };
    const timing = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 };
    return {
      subject,
      key: `{}:{${count}}`,
      labels: {},
      routeId: "",
      receiver: "default",
      routeLabels: {},
      targets: ["chat"],
      timing,
      fallback: null,
      member,
      told: [],
    };
  };
  return { stub, join };
};
interface Sent {
  status: string;
  alerts: { status: string; labels: { instance: string } }[];
}
const told = () =>
  chat.received.map((request) => {
    const { status, alerts } = JSON.parse(request.body) as Sent;
    return `${status}: ${alerts
      .map((alert) => `${alert.labels.instance} ${alert.status}`)
      .toSorted()
      .join(", ")}`;
  });
const tick = async (stub: DurableObjectStub<AlertGroup>, seconds: number) => {
  at(seconds);
  await runDurableObjectAlarm(stub);
};

describe("a group", () => {
  test("waits, then tells all at once, then what changed, then that it is over", async () => {
    const { stub, join } = group();
    at(0);
    await stub.join([join("a", 1, "firing", 0)]);
    await stub.join([join("b", 1, "firing", 10)]);
    await tick(stub, 29);
    expect(told()).toEqual([]);
    await tick(stub, 31);
    await eventually(
      async () => told(),
      (lines) => lines.length === 1,
    );
    await stub.join([join("b", 2, "resolved", 60)]);
    await tick(stub, 332);
    await eventually(
      async () => told(),
      (lines) => lines.length === 2,
    );
    await stub.join([join("a", 2, "resolved", 400)]);
    await tick(stub, 640);
    await eventually(
      async () => told(),
      (lines) => lines.length === 3,
    );
    expect(told()).toEqual(["firing: a firing, b firing", "firing: a firing, b resolved", "resolved: a resolved"]);
    expect(await stub.status()).toMatchObject({ members: 0, wakeAt: null });
  });

  test("keeps its members and its timer when its memory is lost, and a late alarm tells once", async () => {
    const { stub, join } = group();
    at(0);
    await stub.join([join("a", 1, "firing", 0)]);
    await evictDurableObject(stub);
    await tick(stub, 3600);
    await eventually(
      async () => told(),
      (lines) => lines.length === 1,
    );
    await evictDurableObject(stub);
    await tick(stub, 3601);
    expect(told()).toEqual(["firing: a firing"]);
  });

  test("repeats what still fires when the repeat interval is over", async () => {
    const { stub, join } = group();
    at(0);
    await stub.join([join("a", 1, "firing", 0)]);
    await tick(stub, 31);
    await tick(stub, 7200);
    await tick(stub, 14_431 + 60);
    await eventually(
      async () => told(),
      (lines) => lines.length === 2,
    );
    expect(told()).toEqual(["firing: a firing", "firing: a firing"]);
  });

  test("repeats each alert by itself to who wants it so, under its own number, and tells the end after that", async () => {
    const { stub, join } = group();
    const joined = { ...join("a", 1, "firing", 0), targets: ["each"] };
    at(0);
    await stub.join([joined]);
    const heard = (count: number) =>
      eventually(
        async () => each.received.length,
        (length) => length >= count,
      );
    await tick(stub, 31);
    await heard(1);
    await tick(stub, 14_500);
    await heard(2);
    await stub.join([{ ...join("a", 2, "resolved", 14_600), targets: ["each"] }]);
    await tick(stub, 14_900);
    await heard(3);
    const statuses = each.received.map(({ body }) => (JSON.parse(body) as Sent).status);
    expect(statuses).toEqual(["firing", "firing", "resolved"]);
    const ids = each.received.map(({ headers }) => headers["x-notification-id"]);
    const id = joined.member.fingerprint;
    expect(ids).toEqual([`${id}:1:each`, `${id}:1:each:r1002000`, `${id}:2:each`]);
  });

  test("hands on after a crash what it had decided before, and decides nothing anew", async () => {
    const { stub, join } = group();
    at(0);
    await stub.join([join("a", 1, "firing", 0)]);
    const broken = vi.spyOn(env.DB, "batch").mockImplementation(() => Promise.reject(new Error("D1 is away")));
    await tick(stub, 31);
    broken.mockRestore();
    expect(told()).toEqual([]);
    await evictDurableObject(stub);
    await tick(stub, 40);
    await eventually(
      async () => told(),
      (lines) => lines.length === 1,
    );
    const left = await runInDurableObject(stub, (_, state) =>
      Number(state.storage.sql.exec("SELECT count(*) AS n FROM outgoing").one()["n"]),
    );
    expect(left).toBe(0);
  });

  test("an end it was not waiting for leaves nothing behind", async () => {
    const { stub, join } = group();
    at(0);
    await stub.join([join("a", 2, "resolved", 0)]);
    expect(await stub.status()).toMatchObject({ members: 0, wakeAt: null });
    const tables = await runInDurableObject(stub, (_, state) =>
      Number(
        state.storage.sql
          .exec("SELECT count(*) AS n FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
          .one()["n"],
      ),
    );
    expect(tables).toBe(0);
  });
});
