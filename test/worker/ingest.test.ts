import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { eventually, get, send } from "../support/api.ts";

let count = 0;
/** An alert nobody else in this file uses. */
const fresh = (labels: object = {}) => ({ labels: { alertname: `Fresh${++count}`, ...labels } });
const stored = async (name: string): Promise<number> => {
  const { json } = await get("/history?limit=1000");
  return (json.alerts as unknown as { alertname: string }[]).filter((event) => event.alertname === name).length;
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a body that cannot be used is refused by a problem that says where", () => {
  const good = JSON.stringify({ labels: { alertname: "NeverStored" } });
  test.each<[name: string, body: BodyInit, status: number, type: string, detail: RegExp]>([
    ["nothing at all", "", 400, "malformed-body", /invalid/],
    ["not JSON", '{"alerts": [{"invalid": }]}', 400, "malformed-body", /invalid/],
    ["JSON cut short", good.slice(0, -3), 400, "malformed-body", /invalid/],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, "malformed-body", /invalid/],
    ["100 000 levels", "[".repeat(100_000) + "]".repeat(100_000), 400, "malformed-body", /invalid/],
    ["a bare word", '"alert"', 400, "malformed-body", /invalid/],
    ["NaN", '{"labels":{"alertname":"NeverStored","value":NaN}}', 400, "malformed-body", /invalid/],
    ["no alert in it", '{"hello":"world"}', 400, "nothing-usable", /./],
    [
      "1 001 alerts",
      JSON.stringify(Array.from({ length: 1001 }, () => ({ labels: { alertname: "NeverStored" } }))),
      413,
      "too-large",
      /1001/,
    ],
    [
      "10 MiB and one byte",
      bytes(`${good}${" ".repeat(10 * 1024 * 1024 + 1 - good.length)}`),
      413,
      "too-large",
      /bytes/,
    ],
  ])("%s", async (_, body, status, type, detail) => {
    const answer = await send(body);
    expect([answer.status, answer.json.type]).toEqual([status, `/problems/${type}`]);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.json.detail).toMatch(detail);
    expect(answer.json.errors).toBeInstanceOf(Array);
    expect(await stored("NeverStored")).toBe(0);
  });

  test("10 MiB to the byte is read", async () => {
    const alert = JSON.stringify(fresh());
    expect((await send(bytes(alert + " ".repeat(10 * 1024 * 1024 - alert.length)))).status).toBe(200);
  });

  test("gzip is unpacked, and a small body that unpacks to too much is refused", async () => {
    const zip = async (text: string) =>
      new Uint8Array(
        await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
      );
    const post = async (body: Uint8Array) =>
      exports.default.fetch(
        new Request("https://alerts.test/webhook", {
          method: "POST",
          headers: { "x-api-key": "test-ingest", "content-encoding": "gzip" },
          body,
        }),
      );
    expect((await post(await zip(JSON.stringify(fresh())))).status).toBe(200);
    expect((await post(await zip(" ".repeat(11 * 1024 * 1024)))).status).toBe(413);
    expect((await post(bytes("no gzip"))).status).toBe(400);
  });
});

describe("a defect of one alert rejects that alert and no other", () => {
  test.each<[name: string, bad: string, path: string]>([
    ["no labels", '{"status":"firing"}', "/1/labels"],
    ["a label that is an object", '{"labels":{"alertname":"Bad","x":{"y":1}}}', "/1/labels/x"],
    ["a label that is a list", '{"labels":{"alertname":"Bad","x":[1]}}', "/1/labels/x"],
    ["__proto__ as a label", '{"labels":{"alertname":"Bad","__proto__":"x"}}', "/1/labels/__proto__"],
    ["a number beyond all numbers", '{"labels":{"alertname":"Bad","x":1e999}}', "/1/labels/x"],
    ["half a surrogate pair", '{"labels":{"alertname":"Bad","x":"\\ud800"}}', "/1/labels/x"],
    ["an unknown status", '{"labels":{"alertname":"Bad"},"status":"perhaps"}', "/1/status"],
    [
      "an end before its start",
      '{"labels":{"alertname":"Bad"},"status":"resolved","startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}',
      "/1",
    ],
  ])("%s", async (_, bad, path) => {
    const neighbour = fresh();
    const answer = await send(`[${JSON.stringify(neighbour)},${bad}]`);
    expect([answer.status, answer.json.status]).toEqual([207, "partial_success"]);
    expect(answer.json).toMatchObject({ alerts_received: 2, alerts_processed: 1, alerts_failed: 1 });
    expect(answer.json.errors).toMatchObject([{ alert_index: 1, path }]);
    await eventually(
      () => stored(neighbour.labels.alertname),
      (n) => n === 1,
    );
    expect(await stored("Bad")).toBe(0);
  });

  test.each<[name: string, alert: object]>([
    ["a missing alertname", { labels: { service: `nameless${++count}` } }],
    ["a number and a boolean as labels", fresh({ code: 500, down: true })],
    ["a start in year 0001", { ...fresh(), startsAt: "0001-01-01T00:00:00Z" }],
    ["a start in year 9999", { ...fresh(), startsAt: "9999-12-31T23:59:59Z" }],
    ["an end in year 9999", { ...fresh(), endsAt: "9999-12-31T23:59:59Z" }],
  ])("%s is none", async (_, alert) => {
    const answer = await send([alert]);
    expect([answer.status, answer.json.alerts_failed]).toEqual([200, 0]);
  });

  test("an alert that claims to start in the far future can still be resolved", async () => {
    const alert = fresh();
    await send([{ ...alert, status: "firing", startsAt: "9999-01-01T00:00:00Z" }]);
    const answer = await send([{ ...alert, status: "resolved" }]);
    expect(answer.json.alerts).toMatchObject([{ outcome: "resolved" }]);
  });
});

describe("ingest answers as its senders need it", () => {
  test("with or without a trailing slash, by POST and by PUT, whatever the content type, never by a redirect", async () => {
    for (const [method, path, type] of [
      ["POST", "/webhook", "text/plain"],
      ["POST", "/webhook/", "application/json"],
      ["PUT", "/webhook", "application/x-www-form-urlencoded"],
    ] as const) {
      const headers = { authorization: "Bearer test-ingest", "content-type": type };
      const body = JSON.stringify(fresh());
      const response = await exports.default.fetch(
        new Request(`https://alerts.test${path}`, { method, headers, body, redirect: "manual" }),
      );
      expect([method, path, response.status]).toEqual([method, path, 200]);
    }
  });

  test("a partly bad /api/v2/alerts answers 400 as a JSON string, its good alerts stored", async () => {
    const good = fresh();
    const answer = await send([good, { labels: {} }], "/api/v2/alerts");
    expect([answer.status, typeof (JSON.parse(answer.text) as unknown)]).toEqual([400, "string"]);
    await eventually(
      () => stored(good.labels.alertname),
      (n) => n === 1,
    );
  });

  test("a whole request with a thousand alerts is one request", async () => {
    const name = `Thousand${++count}`;
    const alerts = Array.from({ length: 1000 }, (_, i) => ({ labels: { alertname: name, instance: `i${i}` } }));
    const answer = await send({ version: "4", groupKey: "{}:{}", status: "firing", alerts });
    expect(answer.json).toMatchObject({ alerts_received: 1000, alerts_processed: 1000, webhook_type: "alertmanager" });
    await eventually(
      () => stored(name),
      (n) => n === 1000,
    );
  });
});

describe("a body that comes again byte for byte", () => {
  const outcomesOf = async (body: string | Uint8Array) => {
    const { json } = await send(body);
    return (json.alerts as unknown as { outcome: string }[]).map(({ outcome }) => outcome);
  };

  test("counts each time, and says something new as soon as anything else became of its alerts", async () => {
    const one = { ...fresh(), startsAt: "2026-01-01T00:00:00Z", status: "firing" };
    const fires = JSON.stringify([one]);
    const ends = JSON.stringify([{ ...one, status: "resolved", endsAt: "2026-01-02T00:00:00Z" }]);
    const told: string[] = [];
    for (const body of [fires, fires, fires, fires, ends, ends, ends, fires, fires, ends]) {
      told.push(...(await outcomesOf(body)));
    }
    expect(told).toEqual([
      ...["new", "duplicate", "duplicate", "duplicate", "resolved", "duplicate", "duplicate"],
      ...["reopened", "duplicate", "resolved"],
    ]);
  });

  test("is read anew where it hangs on the moment it comes", async () => {
    const one = fresh();
    const endsAt = new Date(Date.now() + 1_500).toISOString();
    const body = JSON.stringify([{ ...one, startsAt: "2026-01-01T00:00:00Z", endsAt }]);
    for (let i = 0; i < 3; i++) await send(body);
    await eventually(
      () => stored(one.labels.alertname),
      (events) => events === 2,
    );
    // It has ended by itself; read as it was before, it would fire again.
    expect(await outcomesOf(body)).toEqual(["duplicate"]);
  });

  test("is another one with a byte that differs anywhere", async () => {
    const { labels } = fresh();
    const text = (i: number) =>
      JSON.stringify([{ labels, annotations: { summary: `${"x".repeat(i)}y${"x".repeat(60 - i)}` } }]).replace(
        "[{",
        '[{"startsAt":"2026-01-01T00:00:00Z","status":"firing",',
      );
    for (let i = 0; i < 3; i++) await send(text(0));
    for (let i = 1; i < 60; i += 7) expect(await outcomesOf(text(i))).toEqual(["updated"]);
  });
});

test("what repeats is told by its number, and every change in between is seen", async () => {
  const alert = { ...fresh(), status: "firing", startsAt: "2026-01-01T00:00:00Z", annotations: { summary: "hot" } };
  const told = async (over: object = {}): Promise<string> => {
    const { json } = await send([{ ...alert, ...over }]);
    return (json.alerts as unknown as { outcome: string }[]).map(({ outcome }) => outcome).join();
  };
  const end = { status: "resolved", endsAt: "2026-01-02T00:00:00Z" };
  const steps: [over: object, outcome: string][] = [
    [{}, "new"],
    [{}, "duplicate"],
    [{}, "duplicate"],
    [{ annotations: { summary: "hotter" } }, "updated"],
    [{}, "updated"],
    [{}, "duplicate"],
    [end, "resolved"],
    [end, "duplicate"],
    [end, "duplicate"],
    [{}, "reopened"],
    [{}, "duplicate"],
  ];
  for (const [over, outcome] of steps) expect([over, await told(over)]).toEqual([over, outcome]);
});
