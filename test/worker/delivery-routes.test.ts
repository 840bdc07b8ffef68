import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { get, post, remove } from "../support/api.ts";
import { addTarget, advance, idle, queue, startClock, stubOf } from "../support/delivery.ts";
import { type Receiver, receiver, watchOutside } from "../support/outside.ts";

watchOutside();
afterEach(() => vi.useRealTimers());

let count = 0;
const target = async (code = 200): Promise<[string, Receiver]> => {
  const name = `route-${++count}`;
  const host = receiver(`${name}.example.com`);
  host.answer = () => new Response("gone wrong", { status: code });
  await addTarget({ name, type: "webhook", url: `https://${name}.example.com/in?key=very-secret-value` });
  return [name, host];
};
type Json = Record<string, never>;
const items = (answer: { json: unknown }, key: string): Json[] => (answer.json as Record<string, Json[]>)[key]!;
const ids = (answer: { json: unknown }): string[] => items(answer, "notifications").map((job) => job.id as string);

describe("dead letters", () => {
  test("are listed with the reason and without a secret, counted, replayed one by one and only once", async () => {
    startClock();
    const [name, host] = await target(404);
    const subjects = ["a1", "a2", "a3"];
    await queue(name, ...subjects.map((subject) => ({ subject, seq: 1 })));
    const listed = await get(`/api/v1/dead-letters?target=${name}`);
    expect(items(listed, "notifications").map((job) => [job.state, job.reason])).toEqual(
      Array(3).fill(["dlq", "client_error"]),
    );
    expect(listed.text).not.toContain("very-secret");
    const counts = items(await get("/api/v1/dead-letters/counts"), "counts").filter((row) => row.target === name);
    expect(counts).toEqual([{ target: name, reason: "client_error", error_type: "permanent", count: 3 }]);

    host.answer = () => new Response("", { status: 200 });
    host.received.length = 0;
    const middle = items(listed, "notifications").find((job) => job.fingerprint === "a2")!.id;
    expect((await post(`/publishing/dlq/${middle}/replay`, {})).json).toMatchObject({ success: true });
    await expect.poll(() => host.received.length).toBe(1);
    const told = JSON.parse(host.received[0]!.body) as { notification_id: string };
    expect(told.notification_id).toBe(`a2:1:${name}:r1`);
    await idle(name);
    expect((await post(`/publishing/dlq/${middle}/replay`, {})).status).toBe(409);
    expect(host.received).toHaveLength(1);
  });

  test("are replayed by filter after a count, to another target, twice asked once done, and marked", async () => {
    startClock();
    const [name] = await target(404);
    const [other, otherHost] = await target();
    await queue(name, { subject: "b1", seq: 1 }, { subject: "b2", seq: 1 });
    const ask = (dry_run: boolean) =>
      post("/api/v1/dead-letters/replay", { target: name, reason: "client_error", to_target: other, dry_run });
    expect((await ask(true)).json).toMatchObject({ dry_run: true, matched: 2, replayed: 2 });
    expect(otherHost.received).toEqual([]);
    await Promise.all([ask(false), ask(false)]);
    await expect.poll(() => otherHost.received.length).toBe(2);
    await idle(other);
    expect((await ask(false)).json).toMatchObject({ replayed: 0, skipped_already_replayed: 2 });
    expect(otherHost.received).toHaveLength(2);
    const shown = items(await get(`/api/v1/notifications?target=${other}`), "notifications");
    expect(shown.map((job) => [job.state, job.replay])).toEqual([
      ["succeeded", 1],
      ["succeeded", 1],
    ]);
  });

  test("are sent once more on purpose after a replay got through, and a double click of that is one", async () => {
    startClock();
    const [name, host] = await target(404);
    await queue(name, { subject: "again", seq: 1 });
    const [letter] = items(await get(`/api/v1/dead-letters?target=${name}`), "notifications");
    host.answer = () => new Response("", { status: 200 });
    host.received.length = 0;
    let asked = 0;
    const ask = async (again: boolean, id: string) => {
      const { json } = await post("/api/v1/notifications/replay", { ids: [id], again });
      asked += json.replayed as unknown as number;
      await expect.poll(() => host.received.length).toBe(asked);
      await idle(name);
      return [json.replayed, json.skipped_already_replayed];
    };
    const id = letter!.id as string;
    expect(await ask(false, id)).toEqual([1, 0]);
    expect(await ask(true, id)).toEqual([0, 1]);
    vi.setSystemTime(Date.now() + 11_000);
    expect(await ask(false, id)).toEqual([0, 1]);
    const answers = await Promise.all([ask(true, id), ask(true, id), ask(true, id)]);
    expect(answers).toContainEqual([1, 0]);
    vi.setSystemTime(Date.now() + 11_000);
    // A replay is replayed as the notification it repeats.
    const [replay] = items(await get(`/api/v1/notifications?target=${name}`), "notifications");
    expect(await ask(true, replay!.id as string)).toEqual([1, 0]);
    const told = host.received.map(({ body }) => (JSON.parse(body) as { notification_id: string }).notification_id);
    expect(told).toEqual([1, 2, 3].map((n) => `again:1:${name}:r${n}`));
  });

  test("are all replayed by a filter, a bounded number at a time", async () => {
    const now = Date.now();
    const [name] = await target(404);
    const rows = Array.from({ length: 1_500 }, (_, i) => [now - i, `many${i}`]);
    await env.DB.prepare(
      `INSERT INTO notifications (at, subject, seq, target, state, status, severity, alertname, payload)
       SELECT value->>0, value->>1, 1, ?2, 'dead', 'resolved', 'info', 'Many', '{}' FROM json_each(?1)`,
    )
      .bind(JSON.stringify(rows), name)
      .run();
    const step = async (cursor?: string) =>
      (await post("/api/v1/dead-letters/replay", { target: name, dry_run: true, ...(cursor && { cursor }) })).json;
    const first = await step();
    expect(first).toMatchObject({ replayed: 1000, has_more: true });
    const second = await step(first.cursor as unknown as string);
    expect(second).toMatchObject({ replayed: 500, has_more: false, cursor: null });
    const ids = [first, second].flatMap((json) => json.ids as unknown as string[]);
    expect(new Set(ids).size).toBe(1_500);
    expect((await post("/api/v1/dead-letters/replay", { target: name, cursor: "nonsense" })).status).toBe(400);
  });

  test("are found by old clients however many others are newer, page by page", async () => {
    startClock();
    const [transient, down] = await target(503);
    await addTarget({
      name: transient,
      type: "webhook",
      url: `https://${transient}.example.com/in`,
      retry_window_seconds: 60,
    });
    await queue(transient, { subject: "t1", seq: 1, severity: "critical" });
    await advance(transient, Date.now() + 3_600_000);
    expect(down.received.length).toBeGreaterThan(1);
    const [name] = await target(404);
    await queue(name, ...Array.from({ length: 12 }, (_, i) => ({ subject: `p${i}`, seq: 1 })));
    const ask = (query: string) => get(`/publishing/dlq?${query}`);
    const found = await ask("error_type=transient&limit=1");
    expect(items(found, "entries")).toMatchObject([{ target_name: transient, fingerprint: "t1", priority: "high" }]);
    expect(found.json.total_count).toBe(1);
    const pages = [0, 5, 10].map((offset) => ask(`target=${name}&limit=5&offset=${offset}`));
    const listed = (await Promise.all(pages)).map((answer) =>
      items(answer, "entries").map((entry) => entry.fingerprint),
    );
    expect(listed.map((page) => page.length)).toEqual([5, 5, 2]);
    expect(new Set(listed.flat()).size).toBe(12);
    expect((await ask(`target=${name}&priority=high`)).json.total_count).toBe(0);
  });

  test("are discarded one at a time or when they are old", async () => {
    startClock();
    const [name] = await target(422);
    await queue(name, { subject: "c1", seq: 1 }, { subject: "c2", seq: 1 });
    const [first] = ids(await get(`/api/v1/dead-letters?target=${name}`));
    expect((await remove(`/api/v1/dead-letters/${first}`)).status).toBe(204);
    expect((await remove(`/api/v1/dead-letters/${first}`)).status).toBe(404);
    vi.setSystemTime(Date.now() + 3_600_000);
    const purged = await remove("/publishing/dlq/purge?older_than_hours=0.5");
    expect(purged.json.deleted_count).toBeGreaterThanOrEqual(1);
    expect(ids(await get(`/api/v1/dead-letters?target=${name}`))).toEqual([]);
  });
});

describe("the ledger", () => {
  test("goes on by cursor without a gap or a repeat, and refuses another's cursor", async () => {
    startClock(Date.UTC(2037, 0, 1));
    const [name] = await target();
    await queue(name, ...Array.from({ length: 7 }, (_, i) => ({ subject: `d${i}`, seq: 1 })));
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await get(`/api/v1/notifications?target=${name}&limit=3${cursor}`);
      seen.push(...ids(page));
      cursor = page.json.cursor === null ? "" : `&cursor=${page.json.cursor}`;
    } while (cursor !== "");
    expect(new Set(seen).size).toBe(7);
    expect(seen).toHaveLength(7);
    expect((await get("/api/v1/notifications?cursor=nonsense")).status).toBe(400);
    const [one] = seen;
    expect((await get(`/api/v1/notifications/${one}`)).json).toMatchObject({ id: one, state: "succeeded" });
    expect((await get(`/publishing/queue/jobs/${one}`)).json).toMatchObject({ target_name: name });
    expect((await get("/publishing/queue/jobs/1.2.3.x.y")).status).toBe(404);
    expect((await get("/publishing/queue/status")).json).toMatchObject({ total_size: 0, active_jobs: 0 });
  });

  test("replays a range of time, for which something has to be named", async () => {
    startClock(Date.UTC(2037, 1, 1));
    const [name, host] = await target();
    await queue(name, { subject: "e1", seq: 1 });
    const range = { target: name, from: "2037-02-01T00:00:00Z", to: "2037-02-02T00:00:00Z" };
    expect((await post("/api/v1/notifications/replay", {})).status).toBe(422);
    expect((await post("/api/v1/notifications/replay", { ...range, dry_run: true })).json).toMatchObject({
      matched: 1,
    });
    await post("/api/v1/notifications/replay", range);
    await expect.poll(() => host.received.length).toBe(2);
    expect(host.received[1]!.body).toContain(`e1:1:${name}:r1`);
  });
});

describe("sending by hand", () => {
  test("a test is a real delivery and says what came of it, for a target that fails and one that is off, too", async () => {
    const [good, host] = await target();
    const [bad] = await target(404);
    const ok = await post(`/publishing/test/${good}`, {});
    expect(ok.json).toMatchObject({ target_name: good, success: true, status_code: 200 });
    expect(JSON.parse(host.received[0]!.body)).toMatchObject({ kind: "test" });
    const failed = await post(`/publishing/targets/${bad}/test`, { alert_name: "Mine" });
    expect([failed.status, failed.json.success, failed.json.status_code]).toEqual([200, false, 404]);
    await addTarget({ name: bad, type: "webhook", url: "https://off.example.com/", enabled: false });
    expect((await post(`/publishing/test/${bad}`, {})).json).toMatchObject({
      success: false,
      error_message: "target is disabled",
    });
    expect((await post("/publishing/test/nobody", {})).status).toBe(404);
  });

  test("a parallel send isolates what fails, and names what is unknown", async () => {
    const [good] = await target();
    const [bad] = await target(404);
    const alert = { labels: { alertname: "ByHand" }, status: "firing" };
    const sent = await post("/publishing/parallel/targets", { alert, target_names: [good, bad] });
    expect(sent.json).toMatchObject({ success: false, success_count: 1, failure_count: 1, is_partial_success: true });
    expect((await post("/publishing/parallel/targets", { alert, target_names: ["nobody"] })).status).toBe(404);
    expect((await post("/publishing/parallel/targets", { alert: {}, target_names: [good] })).status).toBe(422);
  });

  test("a send to the healthy leaves out who refuses, and says so", async () => {
    const [good] = await target();
    const [bad, badHost] = await target(401);
    await queue(bad, { subject: "u1", seq: 1 });
    expect((await stubOf(bad).status()).health.status).toBe("unhealthy");
    badHost.received.length = 0;
    const { json } = await post("/publishing/parallel/healthy", { alert: { labels: { alertname: "ByHand" } } });
    const of = (name: string) => items({ json }, "results").find((result) => result.target_name === name);
    expect(of(good)).toMatchObject({ success: true, skipped: false, status_code: 200 });
    expect(of(bad)).toMatchObject({ success: false, skipped: true, skip_reason: "unhealthy" });
    const { total_targets, success_count, failure_count, skipped_count } = json as Record<string, number>;
    expect(success_count! + failure_count! + skipped_count!).toBe(total_targets);
    expect(badHost.received.filter(({ body }) => body.includes("ByHand"))).toEqual([]);
  });

  test("a target that refuses whatever it is told is degraded though its host answers, until something gets through", async () => {
    const [name, host] = await target(400);
    const check = async () => (await post(`/publishing/targets/health/${name}/check`, {})).json;
    for (const subject of ["p1", "p2"]) await queue(name, { subject, seq: 1 });
    expect(await check()).toMatchObject({ status: "healthy", evidence: "probe", error_message: null });
    await evictDurableObject(stubOf(name));
    await queue(name, { subject: "p3", seq: 1 });
    await evictDurableObject(stubOf(name));
    expect(await check()).toMatchObject({
      status: "degraded",
      evidence: "delivery",
      error_type: "http_error",
      error_message: "refused its last 3 deliveries for what they said: gone wrong",
      consecutive_failures: 0,
    });
    expect((await get("/publishing/targets?health_status=degraded")).json).toContainEqual(
      expect.objectContaining({ name }),
    );
    host.answer = () => new Response("", { status: 200 });
    await queue(name, { subject: "p4", seq: 1 });
    expect(await check()).toMatchObject({ status: "healthy", error_message: null });
  });

  test("a submitted alert is a job that can be followed", async () => {
    const [name, host] = await target();
    const sent = await post("/publishing/submit", { alert: { labels: { alertname: "ByHand" } }, target_name: name });
    expect(sent.status).toBe(202);
    const [id] = (sent.json as unknown as { job_ids: string[] }).job_ids;
    await expect.poll(() => host.received.length).toBe(1);
    await idle(name);
    expect((await get(`/publishing/queue/jobs/${id}`)).json).toMatchObject({ state: "succeeded" });
    expect((await get("/publishing/stats")).json.total_publishes).toBeGreaterThan(0);
    expect((await get("/publishing/mode")).json).toMatchObject({ mode: "intelligent" });
    expect([200, 503]).toContain((await get("/publishing/health")).status);
    expect(items(await get("/publishing/secrets/template?format=slack"), "templates")).toHaveLength(1);
    expect((await stubOf(name).status()).health.status).toBe("healthy");
  });
});
