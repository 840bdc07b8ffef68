import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Bindings } from "../../src/worker/env.ts";
import { registry } from "../../src/worker/registry.ts";
import { eventually, get, post, put, send } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const team = receiver("team.example.com");
const pager = receiver("pager.example.com");

const SECRET = "T0000/B0000/canary-of-this-test";
// As an Alertmanager would be given it, with our own names of targets beside it.
const document = `# kept as it is written
global:
  resolve_timeout: 5m
  slack_api_url: https://hooks.slack.com/services/${SECRET}
route:
  receiver: team
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
  routes:
    - matchers: ['severity="critical"']
      receiver: pager
    - matchers: ['team="nobody"']
      receiver: "null"
    - matchers: ['team="grouped"']
      group_by: [team]
      group_wait: 3s
receivers:
  - name: team
    targets: [team-hook]
  - name: pager
    targets: [pager-hook, team-hook]
  - name: "null"
  - name: chat
    slack_configs:
      - channel: '#ops'
targets:
  team-hook: { type: webhook, url: https://team.example.com/hook }
  pager-hook: { type: webhook, url: https://pager.example.com/hook }
inhibit_rules:
  - source_matchers: ['alertname="ClusterDown"']
    target_matchers: ['severity="warning"']
    equal: [cluster]
`;
const names = (requests: readonly { body: string }[]): string[] =>
  requests.flatMap((request) =>
    (JSON.parse(request.body) as { alerts: { labels: { alertname: string } }[] }).alerts.map((a) => a.labels.alertname),
  );
const alert = (alertname: string, more: object = {}) => ({ labels: { alertname, ...more } });

describe("a document", () => {
  test("without one, what holds is shown", async () => {
    const answer = await get("/api/v1/config");
    expect([answer.status, answer.json.version, answer.headers.get("etag")]).toEqual([200, 0, '"0"']);
    expect(answer.json.document).toMatch(/receiver: default/);
  });

  test("can be tried without being put in force", async () => {
    const tried = await put("/api/v1/config?dry_run=true", document);
    expect([tried.status, tried.json.dry_run, tried.json.version]).toEqual([200, true, 0]);
    expect(tried.json.targets).toEqual(expect.arrayContaining(["team-hook", "pager-hook"]));
    expect((await get("/api/v1/config")).json.version).toBe(0);
  });

  test("says which targets it names that nobody has defined", async () => {
    const tried = await put(
      "/api/v1/config?dry_run=true",
      document
        .replace("targets: [team-hook]", "targets: [team-hok, 'chat-*', '{team}-hook']")
        .replace("    - matchers: ['team=\"nobody\"']", "    - fallback: nowhere\n      matchers: ['team=\"nobody\"']"),
    );
    const warnings = tried.json.warnings as unknown as { path: string; line: number; message: string }[];
    expect(warnings.map(({ path, line, message }) => [path, line, message])).toEqual(
      expect.arrayContaining([
        ["/receivers/0", 20, "there is no target team-hok yet"],
        ["/route/routes/1/fallback", 13, "there is no target nowhere yet"],
      ]),
    );
    expect(warnings.filter(({ message }) => message.includes("yet"))).toHaveLength(2);
  });

  test("with defects is refused with every line and column, and nothing changes", async () => {
    const answer = await put(
      "/api/v1/config",
      document.replace("receiver: pager", "receiver: pagr").replace("group_wait", "group_wat"),
    );
    expect(answer.status).toBe(422);
    const errors = answer.json.errors as unknown as { path: string; line: number; column: number }[];
    expect(errors.map(({ path, line }) => [path, line])).toEqual(
      expect.arrayContaining([
        ["/route/group_wat", 8],
        ["/route/routes/0/receiver", 12],
      ]),
    );
    expect((await get("/api/v1/config")).json.version).toBe(0);
  });

  test("put in force is a version; its secrets are shown and stored nowhere in the open", async () => {
    const answer = await put("/api/v1/config?note=first", document);
    expect([answer.status, answer.json.version, answer.headers.get("etag")]).toEqual([200, 1, '"1"']);
    const shown = await get("/api/v1/config");
    expect(shown.json.document).toMatch(/# kept as it is written/);
    expect(shown.text).not.toContain(SECRET);
    const rows = await env.DB.prepare("SELECT * FROM config_versions").all();
    expect(JSON.stringify(rows.results)).not.toContain(SECRET);
    expect((await get("/api/v1/targets")).text).not.toContain(SECRET);
  });

  test("is not overwritten by who did not see it", async () => {
    const { exports } = await import("cloudflare:workers");
    const stale = await exports.default.fetch(
      new Request("https://alerts.test/api/v1/config", {
        method: "PUT",
        headers: { authorization: "Bearer test-admin", "if-match": '"0"' },
        body: document,
      }),
    );
    expect(stale.status).toBe(412);
  });
});

describe("routing by the document in force", () => {
  beforeAll(async () => {
    expect((await get("/api/v1/config")).json.version).toBe(1);
  });

  test("sends each alert where its route leads, and records why", async () => {
    await send([alert("Ordinary"), alert("Urgent", { severity: "critical" }), alert("Nobodys", { team: "nobody" })]);
    await eventually(
      async () => names(pager.received),
      (list) => list.includes("Urgent"),
    );
    await eventually(
      async () => names(team.received),
      (list) => list.includes("Ordinary") && list.includes("Urgent"),
    );
    expect(names(pager.received)).toEqual(["Urgent"]);
    expect(names(team.received)).not.toContain("Nobodys");
    const history = await eventually(
      () => get("/history?limit=100"),
      ({ json }) => (json.alerts as unknown as { alertname: string }[]).some((e) => e.alertname === "Nobodys"),
    );
    const { fingerprint } = (history.json.alerts as unknown as { alertname: string; fingerprint: string }[]).find(
      (e) => e.alertname === "Nobodys",
    )!;
    const trace = await get(`/api/v1/alerts/${fingerprint}/trace`);
    expect(trace.text).toContain("receiver null has no target");
    expect(trace.json.events).toMatchObject([{ config_version: 1 }]);
  });

  test("lets a group's one message be found from each of its alerts", async () => {
    const answer = await send([alert("GroupedA", { team: "grouped" }), alert("GroupedB", { team: "grouped" })]);
    const [first] = answer.json.alerts as unknown as { fingerprint: string }[];
    const found = await eventually(
      () => get(`/history/${first?.fingerprint}`),
      ({ json }) => (json.deliveries as unknown as { state: string }[] | undefined)?.[0]?.state === "delivered",
    );
    expect(found.json.deliveries).toMatchObject([
      { target_name: "team-hook", id: expect.stringMatching(/^g[0-9a-f]{16}:1:team-hook$/) },
    ]);
    const told = team.received.filter((request) => request.body.includes("GroupedA"));
    expect(told).toHaveLength(1);
    expect(told[0]?.body).toContain("GroupedB");
    const trace = await get(`/api/v1/alerts/${first?.fingerprint}/trace`);
    expect(trace.text).toContain('"stage":"group"');
    expect(trace.text).toContain('"decision":"sent"');
  });

  test("inhibits across shards", async () => {
    await send([alert("ClusterDown", { cluster: "c1" })]);
    await eventually(
      async () => names(team.received),
      (list) => list.includes("ClusterDown"),
    );
    await send([
      alert("SlowDisk", { cluster: "c1", severity: "warning" }),
      alert("SlowDisk", { cluster: "c2", severity: "warning" }),
    ]);
    await eventually(
      async () => names(team.received),
      (list) => list.includes("SlowDisk"),
    );
    const told = team.received.filter((request) => request.body.includes("SlowDisk"));
    expect(told).toHaveLength(1);
    expect(told[0]?.body).toContain('"c2"');
    const [inhibited] = await eventually(
      async () =>
        (await get("/api/v2/alerts?filter=alertname=SlowDisk&inhibited=true&active=false")).json as unknown as {
          fingerprint: string;
          status: { inhibitedBy: string[] };
        }[],
      (list) => list.length > 0,
    );
    const sources = (await get("/api/v2/alerts?filter=alertname=ClusterDown")).json as unknown as {
      fingerprint: string;
    }[];
    expect(inhibited?.status.inhibitedBy).toEqual([sources[0]?.fingerprint]);
    const trace = await get(`/api/v1/alerts/${inhibited?.fingerprint}/trace`);
    expect(trace.text).toContain(`"inhibited by ${sources[0]?.fingerprint}"`);
  });

  test("explains what would happen, and why not to each other target", async () => {
    const answer = await post("/api/v1/explain", { labels: { alertname: "Asked", severity: "critical" } });
    expect(answer.status).toBe(200);
    const verdicts = Object.fromEntries(
      (answer.json.targets as unknown as { target: string; told: string; reason: string }[]).map((v) => [
        v.target,
        v.told,
      ]),
    );
    expect(verdicts).toMatchObject({ "pager-hook": "now", "team-hook": "now" });
    const other = await post("/api/v1/explain", { labels: { alertname: "Asked" } });
    expect(other.json.targets).toEqual(
      expect.arrayContaining([{ target: "pager-hook", told: "no", reason: "no route leads to it" }]),
    );
    expect((other.json.routes as unknown as { reason: string; matcher: string }[])[1]).toMatchObject({
      reason: "matcher",
      matcher: 'severity="critical"',
    });
  });

  test("explains a candidate that is not in force", async () => {
    const candidate = document.replace('severity="critical"', 'severity="page"');
    const answer = await post("/api/v1/explain", {
      labels: { alertname: "Asked", severity: "page" },
      config: candidate,
    });
    expect(answer.json.targets).toEqual(
      expect.arrayContaining([{ target: "pager-hook", told: "now", reason: "firstNotification" }]),
    );
    expect((await post("/api/v1/explain", { labels: { a: "b" }, config: "route: [" })).status).toBe(422);
  });

  test("explains a candidate with its own filters and targets, not those in force", async () => {
    const candidate = `${document.replace("team-hook:", "new-hook:").replaceAll("team-hook", "new-hook")}filters:
  - { name: not_asked, action: deny, conditions: { alert_name: Asked } }
`;
    const { json } = await post("/api/v1/explain", { labels: { alertname: "Asked" }, config: candidate });
    expect(json.targets).toEqual(
      expect.arrayContaining([{ target: "new-hook", told: "no", reason: "filter: not_asked" }]),
    );
    expect((json.targets as unknown as { target: string }[]).map(({ target }) => target)).not.toContain("team-hook");
  });

  test("goes back to an older version as a new one", async () => {
    await put(
      "/api/v1/config?note=second",
      document.replace("targets: [pager-hook, team-hook]", "targets: [pager-hook]"),
    );
    const back = await post("/api/v1/config/rollback", { version: 1 });
    expect([back.status, back.json.version]).toEqual([200, 3]);
    const versions = (await get("/api/v1/config/versions")).json.versions as unknown as {
      version: number;
      note: string;
    }[];
    expect(versions.map(({ version, note }) => [version, note])).toEqual([
      [3, "rollback to version 1"],
      [2, "second"],
      [1, "first"],
    ]);
    expect(JSON.stringify((await get("/api/v1/config/versions/2")).json.diff)).toContain("removed");
  });

  test("of two put at once one is in force, and its targets with it", async () => {
    const hosts = ["first", "second"];
    const text = (host: string) =>
      document
        .replace("https://team.example.com/hook", `https://${host}.example.com/hook`)
        .replace(
          "targets:\n  team",
          `targets:\n  ${host}-only: { type: webhook, url: https://only.example.com }\n  team`,
        );
    const answers = await Promise.all(hosts.map((host) => put("/api/v1/config", text(host))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const [winner, loser] = answers[0]?.status === 200 ? hosts : hosts.toReversed();
    const targets = (await get("/api/v1/targets")).text;
    expect(targets).toContain(`${winner}-only`);
    expect(targets).not.toContain(`${loser}-only`);
    const team = await registry(env as unknown as Bindings).getFresh("team-hook");
    expect(team?.target.url).toBe(`https://${winner}.example.com/hook`);
  });
});
