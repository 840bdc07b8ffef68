import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fingerprint } from "../../src/core/alert/fingerprint.ts";
import { groupKey, groupSubject, heldKey, stormKey } from "../../src/core/group/key.ts";
import { consumeAlerts } from "../../src/worker/consumers/alerts.ts";
import { followConfig } from "../../src/worker/cron/config-change.ts";
import type { Bindings } from "../../src/worker/env.ts";
import type { AlertGroup } from "../../src/worker/objects/alert-group.ts";
import { eventually, get, post, send } from "../support/api.ts";
import { putDocument } from "../support/config.ts";
import { madeEvent } from "../support/events.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const chat = receiver("chat.example.com");
const other = receiver("other.example.com");
const bindings = env as unknown as Bindings;

const route = { receiver: "team", group_by: ["..."], group_wait: "0s", group_interval: "1s" };
const receivers = [{ name: "team", targets: ["chat"] }];

beforeAll(async () => {
  for (const name of ["chat", "other"]) {
    await post("/api/v1/targets", { name, type: "webhook", url: `https://${name}.example.com/hook` });
  }
});
beforeEach(() => {
  chat.received.length = 0;
  other.received.length = 0;
});
afterEach(() => vi.useRealTimers());

interface Told {
  readonly group: { readonly reason: string };
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}
/** What the chat heard, one line per message. */
const told = (): string[] =>
  chat.received.map(({ body }) => {
    const { group, alerts } = JSON.parse(body) as Told;
    const names = alerts.map(({ labels, status }) => `${labels["i"]} ${status}`).toSorted();
    return `${group.reason}: ${names.join(", ")}`;
  });
const heard = (count: number): Promise<string[]> =>
  eventually(
    async () => told(),
    (lines) => lines.length >= count,
  );
const groupOf = (key: string) => env.GROUPS.getByName(groupSubject(`team ${key}`)) as DurableObjectStub<AlertGroup>;
/** Takes the memory of a group away and lets its alarm go off so much later. */
const wake = async (group: DurableObjectStub<AlertGroup>, afterMs: number): Promise<void> => {
  await evictDurableObject(group);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + afterMs });
  await runDurableObjectAlarm(group);
  vi.useRealTimers();
};
const stepsOf = async (id: string): Promise<string[]> => {
  const { json } = await get(`/api/v1/alerts/${id}/trace`);
  const events = json.events as unknown as { trace: { stage: string; decision: string; reason: string }[] }[];
  return events.flatMap(({ trace }) => trace.map(({ stage, decision, reason }) => `${stage} ${decision} ${reason}`));
};

describe("a storm", () => {
  const storm = groupOf(stormKey("{}:{}"));
  const alert = (i: string, severity = "warning") => ({ labels: { alertname: "Storm", i, severity } });
  const id = (i: string) => fingerprint(alert(i).labels);

  beforeAll(() => putDocument({ route, receivers, storm: { more_than: 3, within: "1h" } }));

  test("is told as one, with its members, whatever restarts between; a critical is told at once", async () => {
    for (const i of ["1", "2", "3"]) await send({ alerts: [alert(i)] });
    await heard(3);
    const many = Array.from({ length: 20 }, (_, i) => alert(`m${i + 10}`));
    await send({ alerts: [...many, alert("down", "critical")] });
    await heard(4);
    await eventually(
      () => storm.status(),
      ({ members }) => members === 20,
    );
    expect(told().toSorted()).toEqual([
      "firstNotification: 1 firing",
      "firstNotification: 2 firing",
      "firstNotification: 3 firing",
      "firstNotification: down firing",
    ]);
    await wake(storm, 16_000);
    expect((await heard(5)).at(-1)).toBe(
      `firstNotification: ${many.map(({ labels }) => `${labels.i} firing`).join(", ")}`,
    );
    await wake(storm, 17_000);
    const steps = await stepsOf(id("m10"));
    expect(steps).toContain("storm joined more than 3 in 3600 s: {}:{}#storm");
    expect(steps).toContain("notify queued firstNotification");
    expect(await stepsOf(id("1"))).not.toContain("storm joined more than 3 in 3600 s: {}:{}#storm");
    expect(told()).toHaveLength(5);
  });

  test("tells the ends of what it took, though they never joined it", async () => {
    await send({ alerts: [{ ...alert("m10"), status: "resolved" }] });
    await send({ alerts: [{ ...alert("1"), status: "resolved" }] });
    await heard(1);
    expect(told()).toEqual(["allResolved: 1 resolved"]);
    await eventually(
      () => get(`/history/${id("m10")}`),
      ({ json }) => (json.current_status as unknown) === "resolved",
    );
    await wake(storm, 200_000);
    const [, line] = await heard(2);
    expect(line).toMatch(/^someResolved: m10 resolved, m11 firing, .*m29 firing$/);
  });

  test("takes nothing twice when its event is committed only at the second try, and gives nothing back", async () => {
    const event = madeEvent(Date.now(), { labels: { alertname: "Storm", i: "late", severity: "warning" } });
    const late = { ...event, fingerprint: fingerprint(event.labels) };
    const message = {
      v: 1 as const,
      shard: "shard-0",
      again: false,
      changes: [{ kind: "event" as const, event: late }],
    };
    const background = { waitUntil: (work: Promise<unknown>) => void work };
    const before = (await storm.status()).members;
    const broken = vi.spyOn(env.DB, "batch").mockImplementation(() => Promise.reject(new Error("D1 is away")));
    await expect(consumeAlerts(bindings, [message], false, background)).rejects.toThrow("D1 is away");
    broken.mockRestore();
    for (let again = 0; again < 3; again++) await consumeAlerts(bindings, [message], true, background);
    expect((await storm.status()).members).toBe(before + 1);
    await wake(storm, 400_000);
    const lines = await heard(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("late firing");
  });
});

describe("flapping", () => {
  const labels = { alertname: "Flaps", i: "f" };
  const group = groupOf(heldKey(groupKey([[]], labels)));
  const report = async (status: string, events: number): Promise<void> => {
    await send({ alerts: [{ labels, status }] });
    await eventually(
      () => get(`/history/${fingerprint(labels)}`),
      ({ json }) => (json.events as unknown as unknown[] | undefined)?.length === events,
    );
  };

  beforeAll(() => putDocument({ route, receivers, flapping: { transitions: 3, settle: "10m" } }));

  test("is told once, and its final state once, whatever restarts between", async () => {
    for (const [i, status] of ["firing", "resolved", "firing"].entries()) {
      await report(status, i + 1);
      await heard(i + 1);
    }
    await report("resolved", 4);
    expect(await heard(4)).toEqual([
      "firstNotification: f firing",
      "allResolved: f resolved",
      "firstNotification: f firing",
      "startedFlapping: f firing",
    ]);
    for (const [i, status] of ["firing", "resolved", "firing", "resolved"].entries()) await report(status, i + 5);
    await wake(group, 300_000);
    expect(told()).toHaveLength(4);
    await wake(group, 601_000);
    expect((await heard(5)).at(-1)).toBe("allResolved: f resolved");
    expect(await group.status()).toMatchObject({ members: 0 });
    expect(await stepsOf(fingerprint(labels))).toContain("flapping suppressed held_until_settled");
  });
});

describe("another configuration", () => {
  test("tells what fires to whom it leads now, once, and what has ended to nobody", async () => {
    await putDocument({ route, receivers });
    await followConfig(bindings, Date.now());
    const alerts = ["1", "2", "3"].map((i) => ({ labels: { alertname: "Moved", i }, status: "firing" }));
    await send({ alerts });
    await heard(3);
    await send({ alerts: [{ ...alerts[2], status: "resolved" }] });
    await heard(4);
    await putDocument({ route, receivers: [{ name: "team", targets: ["chat", "other"] }] });
    expect(await followConfig(bindings, Date.now())).toBeGreaterThanOrEqual(2);
    expect(await followConfig(bindings, Date.now())).toBe(0);
    const moved = () =>
      other.received
        .filter(({ body }) => body.includes('"Moved"'))
        .map(({ body }) => (JSON.parse(body) as Told).alerts);
    await eventually(
      async () => moved(),
      (list) => list.length >= 2,
    );
    expect(
      moved()
        .map(([alert]) => `${alert?.labels["i"]} ${alert?.status}`)
        .toSorted(),
    ).toEqual(["1 firing", "2 firing"]);
    const trace = await stepsOf(fingerprint({ alertname: "Moved", i: "1" }));
    expect(trace).toContain("notify queued configuration_changed");
    await send({ alerts: [{ ...alerts[0], status: "resolved" }] });
    await eventually(
      async () => moved(),
      (list) => list.length >= 3,
    );
    await eventually(
      async () => told(),
      (lines) => lines.includes("allResolved: 1 resolved"),
    );
    expect(told().filter((line) => line.endsWith(" firing"))).toHaveLength(3);
  });
});

test("a receiver that is taken away while its group waits tells nobody, and whom the alert leads to then hears of it", async () => {
  const grouped = { group_by: ["alertname"], group_wait: "30s", group_interval: "5m" };
  await putDocument({ route: { ...grouped, receiver: "team" }, receivers });
  await followConfig(bindings, Date.now());
  const labels = { alertname: "Waits", i: "w" };
  const [before, after] = ["team", "rest"].map(
    (name) => env.GROUPS.getByName(groupSubject(`${name} {}:{alertname="Waits"}`)) as DurableObjectStub<AlertGroup>,
  ) as [DurableObjectStub<AlertGroup>, DurableObjectStub<AlertGroup>];
  const holds = (group: DurableObjectStub<AlertGroup>, count: number) =>
    eventually(
      () => group.status(),
      ({ members }) => members === count,
    );
  await send({ alerts: [{ labels, status: "firing" }] });
  await holds(before, 1);
  await putDocument({ route: { ...grouped, receiver: "rest" }, receivers: [{ name: "rest", targets: ["other"] }] });
  await followConfig(bindings, Date.now());
  await holds(after, 1);
  await wake(before, 31_000);
  expect(await stepsOf(fingerprint(labels))).toContain("route suppressed leads_elsewhere");
  await wake(after, 31_000);
  const heardOf = () => other.received.filter(({ body }) => body.includes('"Waits"'));
  await eventually(
    async () => heardOf(),
    (list) => list.length === 1,
  );
  await send({ alerts: [{ labels, status: "resolved" }] });
  await eventually(
    () => get(`/history/${fingerprint(labels)}`),
    ({ json }) => (json.events as unknown as unknown[]).length === 2,
  );
  for (const group of [before, after]) await wake(group, 400_000);
  await eventually(
    async () => heardOf(),
    (list) => list.length === 2,
  );
  for (const group of [before, after]) expect(await group.status()).toMatchObject({ members: 0, wakeAt: null });
  expect(told()).toEqual([]);
});

test("what comes again after it was told is told once, though it is silenced by now", async () => {
  await putDocument({ route, receivers });
  const labels = { alertname: "ToldOnce", i: "o" };
  const event = { ...madeEvent(Date.now(), { labels }), fingerprint: fingerprint(labels) };
  const changes = [{ kind: "event" as const, event }];
  const background = { waitUntil: (work: Promise<unknown>) => void work };
  const bring = (redelivered: boolean) =>
    consumeAlerts(bindings, [{ v: 1, shard: "shard-0", again: false, changes }], redelivered, background);
  await bring(false);
  await heard(1);
  // Its confirmation is lost; before it comes again somebody silences it.
  const silence = await post("/api/v2/silences", {
    matchers: [{ name: "alertname", value: "ToldOnce", isRegex: false, isEqual: true }],
    startsAt: new Date(Date.now() - 1000).toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    createdBy: "ann",
    comment: "known",
  });
  expect(silence.status).toBe(200);
  await bring(true);
  expect(await groupOf(heldKey(groupKey([[]], labels))).status()).toMatchObject({ members: 0 });
  expect(told()).toEqual(["firstNotification: o firing"]);
});
