/** What people and old clients see of publishing when they define targets and look at what waits or failed. */
import { env } from "cloudflare:workers";
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

  test.each([
    [{ url: "https://user@templated.example.com/" }, "/url"],
    [{ url: undefined }, "/url"],
    [{ timeout_seconds: 99 }, "/timeout_seconds"],
    [{ filter_config: { severity: ["awful"] } }, "/filter_config/severity"],
    [{ headers: { host: "x" } }, "/headers"],
    [{ description: "x".repeat(70_000) }, ""],
  ])("is refused with a pointer to its field: %o is at %s", async (wrong, path) => {
    const { status, json } = await post("/api/v1/targets", { ...definition, format: "webhook", ...wrong });
    expect([status, items({ json }, "errors").map((error) => error.path)]).toEqual([422, [path]]);
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
    await expect.poll(() => host.received.length).toBe(1);
  });

  test("say what they were to tell, of what kind their target is, and what became of their replay", async () => {
    startClock();
    const [name, host] = await target(404);
    await queue(name, { subject: "told", seq: 1, severity: "critical" }, { subject: "left", seq: 1 });
    const entry = async (fingerprint: string): Promise<Json | undefined> =>
      items(await get(`/publishing/dlq?target=${name}`), "entries").find(
        (one) => one.fingerprint === fingerprint && String(one.id).includes(".1.0."),
      );
    const { id, ...shown } = (await entry("told"))!;
    expect(shown).toMatchObject({ target_type: "webhook", replayed: false, replay_result: null });
    expect(shown.notification).toMatchObject({ status: "firing", severity: "critical", fingerprints: ["told"] });

    const replay = async () => {
      vi.setSystemTime(Date.now() + 60_000);
      expect((await post(`/publishing/dlq/${id}/replay`, {})).json.success).toBe(true);
    };
    await replay();
    await expect.poll(async () => (await entry("told"))!.replay_result).toBe("failed");
    host.answer = () => new Response("", { status: 200 });
    await replay();
    await expect.poll(async () => (await entry("told"))!.replay_result).toBe("success");
    expect(await entry("told")).toMatchObject({ replayed: true });
    expect(await entry("left")).toMatchObject({ replayed: false, replay_result: null });
  });
});

describe("what is told about a target that refuses us", () => {
  test("can be sent again like anything else when it was refused, too", async () => {
    startClock();
    const [first, host] = await target(404);
    await addTarget({ name: first, type: "webhook", url: `https://${first}.example.com/in`, priority: 1 });
    const [refusing] = await target(401);
    await queue(refusing, { subject: "refused", seq: 1 });
    const letters = async () => items(await get(`/api/v1/dead-letters?target=${first}`), "notifications");
    await expect.poll(async () => (await letters()).map((letter) => letter.alert_name)).toEqual(["TargetUnhealthy"]);
    host.received.length = 0;
    host.answer = () => new Response("", { status: 200 });
    const ids = (await letters()).map((letter) => letter.id);
    const { json } = await post("/api/v1/dead-letters/replay", { ids });
    expect(json).toMatchObject({ matched: 1, replayed: 1, skipped_gone: 0 });
    await expect.poll(() => host.received.length).toBe(1);
    expect(host.received[0]!.body).toContain(`Target ${refusing} refuses our notifications`);
  });

  test("and what is not kept any more is not marked as sent again", async () => {
    startClock();
    const [name] = await target(404);
    await queue(name, { subject: "remembered", seq: 1 });
    await env.DB.prepare(
      `INSERT INTO notifications (at, subject, seq, target, state, status, severity, alertname)
       VALUES (?1, 'forgotten', 1, ?2, 'dead', 'firing', 'warning', 'Forgotten')`,
    )
      .bind(Date.now(), name)
      .run();
    const { json } = await post("/api/v1/dead-letters/replay", { target: name });
    expect(json).toMatchObject({ matched: 2, replayed: 1, skipped_gone: 1 });
    const entries = items(await get(`/publishing/dlq?target=${name}`), "entries");
    const firsts = entries.filter(({ id }) => String(id).includes(".1.0."));
    expect(new Map(firsts.map(({ fingerprint, replayed }) => [fingerprint, replayed]))).toEqual(
      new Map([
        ["remembered", true],
        ["forgotten", false],
      ]),
    );
  });
});

describe("jobs", () => {
  test("are counted and paged by number whatever stands between them, in every state an old client names", async () => {
    startClock();
    const [name] = await target(200);
    const [other] = await target(200);
    for (let i = 0; i < 4; i++) {
      await queue(name, { subject: `high${i}`, seq: 1, severity: "critical" }, { subject: `medium${i}`, seq: 1 });
      await queue(other, { subject: `other${i}`, seq: 1, severity: "critical" });
    }
    const ask = async (query: string) => (await get(`/publishing/queue/jobs?${query}`)).json as Json;
    const all = await ask(`target=${name}&limit=1`);
    expect(all).toMatchObject({ total_count: 8, total_is_capped: false });
    expect(all.jobs).toMatchObject([{ target_type: "webhook", max_retries: null, state: "succeeded" }]);

    const found: unknown[] = [];
    for (const offset of [0, 3]) {
      const page = await ask(`target=${name}&priority=high&limit=3&offset=${offset}`);
      expect(page.total_count).toBe(4);
      found.push(...(page.jobs as Json[]).map((job) => job.fingerprint));
    }
    expect(found.toSorted()).toEqual(["high0", "high1", "high2", "high3"]);

    const byCursor: unknown[] = [];
    for (let cursor = ""; ; ) {
      const page = await ask(`target=${name}&limit=3${cursor}`);
      byCursor.push(...(page.jobs as Json[]).map((job) => job.id));
      if (page.cursor === null) break;
      cursor = `&cursor=${page.cursor}`;
    }
    expect([byCursor.length, new Set(byCursor).size]).toEqual([8, 8]);
    expect(await ask(`target=${name}&state=processing`)).toMatchObject({ jobs: [], total_count: 0 });
  });

  test("that were canceled and those that something newer stood in for are found alike, as are digested ones", async () => {
    const [name] = await target(200);
    const at = Date.now();
    const states = ["superseded", "canceled", "delivered", "digested", "pending"];
    await env.DB.prepare(
      `INSERT INTO notifications (at, subject, seq, target, state, status, severity, alertname, payload)
       SELECT ?1, value, 1, ?2, value, 'firing', 'warning', 'Any', NULL FROM json_each(?3)`,
    )
      .bind(at, name, JSON.stringify(states))
      .run();
    const found = async (state: string) =>
      items(await get(`/publishing/queue/jobs?target=${name}&state=${state}`), "jobs").map((job) => job.fingerprint);
    expect((await found("canceled")).toSorted()).toEqual(["canceled", "superseded"]);
    expect((await found("succeeded")).toSorted()).toEqual(["delivered", "digested"]);
    expect(await found("queued")).toEqual(["pending"]);
  });
});
