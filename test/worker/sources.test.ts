import { beforeAll, describe, expect, test } from "vitest";
import { eventually, get, post } from "../support/api.ts";
import { putDocument } from "../support/config.ts";
import { receiver, watchOutside } from "../support/outside.ts";
import { senderOf } from "../support/tokens.ts";

watchOutside();
const sink = receiver("sink.example.com");

beforeAll(async () => {
  await post("/api/v1/targets", { name: "sink", type: "webhook", url: "https://sink.example.com/hook" });
  await putDocument({
    route: { receiver: "all", group_by: ["..."], group_wait: "0s" },
    receivers: [{ name: "all", targets: ["sink"] }],
    sources: [
      { name: "prometheus-pair", drop_labels: ["replica"], add_labels: { cluster: "c1" } },
      { name: "tickets", map: { alerts: "/incidents", labels: { alertname: "/what" } } },
      {
        name: "strict",
        alert_relabel_configs: [{ source_labels: ["env"], regex: "test", action: "drop" }],
        validate: [
          { required: ["team"], on_fail: "reject" },
          { required: ["runbook"], on_fail: "accept" },
        ],
      },
    ],
  });
});

const told = (): string[] => sink.received.map(({ body }) => body);

test("a pair of Prometheis that differ in the replica label alone is one alert and one notification", async () => {
  const send = await senderOf("prometheus-pair");
  const from = (replica: string) => send([{ labels: { alertname: "PairDown", replica } }], "/api/v2/alerts");
  expect((await from("a")).status).toBe(200);
  expect((await from("b")).status).toBe(200);
  await eventually(
    async () => told(),
    (bodies) => bodies.some((body) => body.includes("PairDown")),
  );
  // A later alert proves that nothing more of the pair was on its way.
  await send([{ labels: { alertname: "PairAfter" } }], "/api/v2/alerts");
  await eventually(
    async () => told(),
    (bodies) => bodies.some((body) => body.includes("PairAfter")),
  );
  expect(told().filter((body) => body.includes("PairDown"))).toHaveLength(1);
  const { json } = await get("/history?alertname=PairDown");
  expect(json.alerts).toMatchObject([
    { labels: { alertname: "PairDown", cluster: "c1" }, source: "prometheus-pair", kind: "new" },
  ]);
});

test("what a source drops, rejects and remarks on is in the receipt with its reason", async () => {
  const send = await senderOf("strict");
  const answer = await send([
    { labels: { alertname: "StrictTest", env: "test" } },
    { labels: { alertname: "StrictBad" } },
    { labels: { alertname: "StrictGood", team: "pay" } },
  ]);
  expect(answer).toMatchObject({
    status: 207,
    json: {
      alerts_received: 3,
      alerts_processed: 1,
      alerts_failed: 1,
      alerts_skipped: 1,
      dropped: [{ alert_index: 0, path: "/0", reason: 'alert_relabel_configs/0: "test" matches "test"' }],
      errors: [{ alert_index: 1, path: "/1", error: "label team is missing" }],
      notes: [{ alert_index: 2, reason: "label runbook is missing" }],
    },
  });
});

test("a sender of a form nobody knows is read by its map", async () => {
  const send = await senderOf("tickets");
  expect(await send({ incidents: [{ what: "TicketOpen" }] })).toMatchObject({
    status: 200,
    json: { alerts: [{ outcome: "new" }] },
  });
});

test("a token whose source the document does not name sends as it is, under that name", async () => {
  const send = await senderOf("unheard-of");
  expect((await send({ labels: { alertname: "Plain", replica: "a" } })).status).toBe(200);
  const { json } = await eventually(
    () => get("/history?alertname=Plain"),
    (answer) => (answer.json.alerts as unknown as unknown[]).length === 1,
  );
  expect(json.alerts).toMatchObject([{ labels: { alertname: "Plain", replica: "a" }, source: "unheard-of" }]);
});

describe("a preview", () => {
  const body = { incidents: [{ what: "A" }, { what: { no: "text" } }] };

  test("of a stored source shows each alert with its outcome, and stores nothing", async () => {
    const { status, json } = await post("/api/v1/sources/preview", { source: "tickets", body });
    expect([status, json.alerts]).toMatchObject([
      200,
      [
        { alert_index: 0, outcome: "accepted", labels: { alertname: "A" }, status: "firing" },
        { alert_index: 1, outcome: "rejected", reason: "the label alertname is no text, number or boolean" },
      ],
    ]);
    expect((await get("/history?alertname=A")).json.alerts).toEqual([]);
  });

  test("of one that is only being written says the same, or what is wrong with it", async () => {
    const source = { map: { alerts: "/incidents", labels: { alertname: "/what" } } };
    const { json } = await post("/api/v1/sources/preview", { source, body });
    expect(json.alerts).toMatchObject([{ outcome: "accepted" }, { outcome: "rejected" }]);
    const wrong = await post("/api/v1/sources/preview", { source: { map: { alerts: 1 } }, body });
    expect([wrong.status, wrong.json.errors]).toMatchObject([422, [{ path: "/source/map/alerts" }]]);
    expect((await post("/api/v1/sources/preview", { source: "nobody", body })).status).toBe(422);
  });

  test("of a body nothing can be made of says why", async () => {
    const { status, json } = await post("/api/v1/sources/preview", { body: { hello: "world" } });
    expect([status, json]).toMatchObject([200, { usable: false, reason: "nothing-usable" }]);
  });
});
