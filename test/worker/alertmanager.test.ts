import { env, exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { tellOfSilences } from "../../src/worker/cron/silences.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { eventually, get, post, remove, send } from "../support/api.ts";

const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
const equal = (name: string, value: string) => ({ name, value, isRegex: false, isEqual: true });
const silence = (over: object) => ({
  matchers: [equal("alertname", "Unmatched")],
  startsAt: at(0),
  endsAt: at(3600),
  createdBy: "me",
  comment: "work",
  ...over,
});
interface Shown {
  readonly labels: Record<string, string>;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly status: { readonly state: string; readonly silencedBy: string[]; readonly inhibitedBy: string[] };
}
const alerts = async (query: string): Promise<Shown[]> => {
  const { status, json } = await get(`/api/v2/alerts?${query}`);
  expect(status).toBe(200);
  return json as unknown as Shown[];
};
const named = (list: Shown[]): string[] => list.map(({ labels }) => `${labels["alertname"]}/${labels["i"] ?? ""}`);
const fire = async (...bodies: object[]): Promise<void> => {
  for (const labels of bodies) expect((await send([{ labels }], "/api/v2/alerts")).status).toBe(200);
  const names = new Set(bodies.map((labels) => (labels as Record<string, string>)["alertname"]));
  await eventually(
    async () => (await alerts("")).filter(({ labels }) => names.has(labels["alertname"])).length,
    (count) => count >= bodies.length,
  );
};

describe("amtool's exchanges", () => {
  test("status first, then a list, a silence added, queried, changed and expired", async () => {
    await fire({ alertname: "Amtool", i: "1", severity: "critical" }, { alertname: "Amtool", i: "2" });
    const status = await get("/api/v2/status");
    expect(status.json).toMatchObject({
      cluster: { status: "disabled", peers: [] },
      versionInfo: { version: "0.28.0" },
      config: { original: expect.stringContaining("receivers:") },
    });
    // amtool alert query alertname=Amtool severity=critical
    const query = "active=true&inhibited=true&silenced=true&unprocessed=true";
    const found = await alerts(`filter=alertname%3D%22Amtool%22&filter=severity%3D%22critical%22&${query}`);
    expect(named(found)).toEqual(["Amtool/1"]);
    expect(found[0]).toMatchObject({
      receivers: [{ name: "default" }],
      annotations: {},
      generatorURL: "",
      status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] },
    });
    expect(Date.parse(found[0]!.endsAt)).toBeGreaterThan(Date.parse(found[0]!.updatedAt));
    // amtool silence add alertname=Amtool i=1 (it sends zero times for what is not set)
    const added = await post(
      "/api/v2/silences",
      silence({ matchers: [equal("alertname", "Amtool"), equal("i", "1")], startsAt: "0001-01-01T00:00:00.000Z" }),
    );
    const { silenceID: id } = added.json as unknown as { silenceID: string };
    expect([added.status, id]).toEqual([200, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const muted = await alerts("filter=alertname=Amtool&filter=i=1");
    expect(muted[0]!.status).toMatchObject({ state: "suppressed", silencedBy: [id] });
    expect(named(await alerts("filter=alertname=Amtool&silenced=false"))).toEqual(["Amtool/2"]);
    expect(named(await alerts("filter=alertname=Amtool&active=false"))).toEqual(["Amtool/1"]);
    // amtool silence query; amtool silence update --duration 2h
    const listed = await get("/api/v2/silences?filter=alertname%3D%22Amtool%22");
    expect((listed.json as unknown as { id: string }[]).map((one) => one.id)).toEqual([id]);
    const one = (await get(`/api/v2/silence/${id}`)).json as unknown as { startsAt: string; status: { state: string } };
    expect(one.status.state).toBe("active");
    const updated = await post("/api/v2/silences", { ...one, id, endsAt: at(7200) });
    expect(updated.json).toEqual({ silenceID: id });
    // amtool silence expire
    const expired = await remove(`/api/v2/silence/${id}`);
    expect([expired.status, expired.text]).toEqual([200, ""]);
    expect((await get(`/api/v2/silence/${id}`)).json).toMatchObject({ status: { state: "expired" } });
    expect((await remove(`/api/v2/silence/${id}`)).status).toBe(200);
    expect((await alerts("filter=alertname=Amtool&filter=i=1"))[0]!.status.state).toBe("active");
  });

  test("other matchers end the old silence and make a new one", async () => {
    const first = (await post("/api/v2/silences", silence({}))).json as unknown as { silenceID: string };
    const second = (
      await post("/api/v2/silences", silence({ id: first.silenceID, matchers: [equal("alertname", "Other")] }))
    ).json as unknown as { silenceID: string };
    expect(second.silenceID).not.toBe(first.silenceID);
    expect((await get(`/api/v2/silence/${first.silenceID}`)).json).toMatchObject({ status: { state: "expired" } });
    const states = ((await get("/api/v2/silences")).json as unknown as { status: { state: string } }[]).map(
      (one) => one.status.state,
    );
    expect(states).toEqual(
      states.toSorted(
        (a, b) => ["active", "pending", "expired"].indexOf(a) - ["active", "pending", "expired"].indexOf(b),
      ),
    );
  });

  test("groups hold every firing alert of a route under its labels", async () => {
    await fire({ alertname: "Grouped", i: "1" }, { alertname: "Grouped", i: "2" });
    const { json } = await get("/api/v2/alerts/groups?filter=alertname=Grouped");
    expect(
      (json as unknown as { labels: object; receiver: object; alerts: unknown[] }[]).map((g) => [
        g.labels,
        g.receiver,
        g.alerts.length,
      ]),
    ).toEqual([
      [{ alertname: "Grouped", i: "1" }, { name: "default" }, 1],
      [{ alertname: "Grouped", i: "2" }, { name: "default" }, 1],
    ]);
    expect((await get("/api/v2/receivers")).json).toEqual([{ name: "default" }]);
  });
});

describe("what is refused", () => {
  const bad: [sentence: string, body: object | string, status: number, text: RegExp][] = [
    ["a body that is no JSON", "{", 400, /invalid/],
    ["no matchers", silence({ matchers: [] }), 400, /at least one matcher/],
    [
      "only matchers of the empty text",
      silence({ matchers: [{ name: "foo", value: ".*", isRegex: true }] }),
      400,
      /empty text/,
    ],
    ["an end before the start", silence({ startsAt: at(7200), endsAt: at(3600) }), 400, /after startsAt/],
    ["an end in the past", silence({ startsAt: at(-20), endsAt: at(-10) }), 400, /past/],
    ["no end", silence({ endsAt: "0001-01-01T00:00:00Z" }), 400, /endsAt/],
    ["an id nobody has", silence({ id: crypto.randomUUID() }), 404, /not found/],
    ["a broken expression", silence({ matchers: [{ name: "a", value: "(", isRegex: true }] }), 400, /RE2/],
  ];
  test.each(bad)("%s", async (_, body, status, text) => {
    const answer = await post("/api/v2/silences", body);
    expect(answer.status).toBe(status);
    expect(typeof answer.json).toBe("string");
    expect(answer.json as unknown as string).toMatch(text);
  });

  test.each([
    ["/api/v2/alerts?filter=%7Ba%3D1%7D", 400],
    ["/api/v2/alerts?receiver=%28", 400],
    ["/api/v2/silence/nope", 404],
    ["/api/v2/nothing", 404],
  ])("%s with a JSON string", async (path, status) => {
    const answer = await get(path);
    expect([answer.status, typeof answer.json]).toEqual([status, "string"]);
  });

  test.each([["/alertmanager/api/v2/status"], ["/api/v1/status/buildinfo"]])(
    "%s is not there: that is how Grafana tells what it speaks with",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  test("without a token, and with one that may only read", async () => {
    const call = (authorization: string, method: string) =>
      exports.default.fetch(new Request("https://alerts.test/api/v2/silences", { method, headers: { authorization } }));
    expect((await call(`Basic ${btoa("any:wrong")}`, "GET")).status).toBe(401);
    expect((await call(`Basic ${btoa("any:test-admin")}`, "GET")).status).toBe(200);
    expect((await call(`Basic ${btoa("any:test-ingest")}`, "POST")).status).toBe(403);
  });
});

describe("beyond Alertmanager", () => {
  test("a silence over most of what fires wants force", async () => {
    await fire(...Array.from({ length: 12 }, (_, i) => ({ alertname: "Broad", i: String(i), everywhere: "yes" })));
    const broad = silence({ matchers: [{ name: "alertname", value: ".+", isRegex: true }] });
    const refused = await post("/api/v2/silences", broad);
    expect([refused.status, refused.json]).toEqual([400, expect.stringContaining("firing alerts")]);
    const forced = await post("/api/v2/silences", { ...broad, comment: "migration [force]" });
    expect(forced.status).toBe(200);
    await remove(`/api/v2/silence/${(forced.json as unknown as { silenceID: string }).silenceID}`);
  });

  test("a preview counts the past and the present", async () => {
    const answer = await post("/api/v1/silences/preview", { matchers: [{ name: "alertname", value: "Broad" }] });
    expect(answer.json).toMatchObject({
      past: { events: 12, alerts: 12, names: [{ name: "Broad", events: 12 }] },
      now: { alerts: 12 },
      events_are_capped: false,
    });
    expect((await post("/api/v1/silences/preview", { matchers: [] })).status).toBe(422);
  });

  test("a recurring silence is pending between its windows and shows its rule", async () => {
    const halfAYearOff = ((new Date().getUTCMonth() + 6) % 12) + 1;
    const recurrence = {
      rule: `FREQ=YEARLY;BYMONTH=${halfAYearOff};BYMONTHDAY=1`,
      time_zone: "Europe/Berlin",
      duration_seconds: 3600,
    };
    const made = await post("/api/v2/silences", silence({ recurrence, endsAt: at(400 * 86_400) }));
    const { json } = await get(`/api/v2/silence/${(made.json as unknown as { silenceID: string }).silenceID}`);
    expect(json).toMatchObject({ recurrence, status: { state: "pending" } });
  });

  test("its owner is reminded once, and its end tells once what still fires", async () => {
    const bindings = env as unknown as Bindings;
    // The silences other tests ended.
    await tellOfSilences(bindings, Date.now());
    const made = await post(
      "/api/v2/silences",
      silence({ matchers: [equal("alertname", "Amtool")], end_policy: "notify", remind_before_seconds: 7200 }),
    );
    const id = (made.json as unknown as { silenceID: string }).silenceID;
    const now = Date.now();
    expect(await tellOfSilences(bindings, now)).toBe(1);
    expect(await tellOfSilences(bindings, now)).toBe(0);
    const told = async (name: string) =>
      (await alerts(`filter=alertname=${name}`)).filter(({ labels }) => labels["silence_id"] === id).length;
    await eventually(
      () => told("SilenceExpiring"),
      (count) => count === 1,
    );
    await remove(`/api/v2/silence/${id}`);
    await tellOfSilences(bindings, Date.now() + 1);
    await eventually(
      async () => [await told("SilenceEnded"), await told("SilenceExpiring")],
      ([ended, expiring]) => ended === 1 && expiring === 0,
    );
    const after = await env.DB.prepare("SELECT ended_at, reminded_at FROM silences WHERE id = ?").bind(id).first();
    expect(after).toMatchObject({ ended_at: expect.any(Number) });
  });
});
