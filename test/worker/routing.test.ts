/** Routes that group, as the document in force makes them: filters at the flush, fallbacks, and how they are counted. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { MemberStep } from "../../src/core/pipeline/flush.ts";
import { appendTrace } from "../../src/worker/db/traces.ts";
import { eventually, get, post, put, send } from "../support/api.ts";
import { receiver, watchOutside } from "../support/outside.ts";

watchOutside();
const chat = receiver("chat.example.com");
const spare = receiver("spare.example.com");
const lab = receiver("lab.example.com");

const document = {
  route: {
    receiver: "all",
    group_by: ["alertname"],
    group_wait: "1s",
    group_interval: "1s",
    routes: [
      { matchers: ['team="night"'], receiver: "night", fallback: "spare", fallback_after: "1m" },
      { matchers: ['team="gone"'], receiver: "gone", fallback: "spare", group_by: ["..."], group_wait: "0s" },
      { matchers: ['team="now"'], receiver: "one", group_by: ["..."], group_wait: "0s" },
      { matchers: ['team="quiet"'], receiver: "null", fallback: "spare" },
    ],
  },
  receivers: [
    { name: "all", targets: ["chat", "lab"] },
    { name: "night", targets: ["asleep"] },
    { name: "gone", targets: ["no-such-target"] },
    { name: "one", targets: ["chat"] },
    { name: "null" },
  ],
  targets: {
    chat: { type: "webhook", url: "https://chat.example.com/hook" },
    spare: { type: "webhook", url: "https://spare.example.com/hook" },
    lab: { type: "webhook", url: "https://lab.example.com/hook" },
    asleep: { type: "webhook", url: "https://asleep.example.com/hook", enabled: false },
  },
  filters: [
    { name: "later", action: "delay", delay_seconds: 2, conditions: { alert_name: "Later" } },
    { name: "no_lab", action: "deny", target_name: "lab", conditions: { label_missing: "lab" } },
  ],
};

beforeAll(async () => {
  const answer = await put("/api/v1/config", JSON.stringify(document));
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"version":1')]);
});

interface Step {
  readonly stage: string;
  readonly decision: string;
  readonly reason: string;
  readonly target?: string;
}
const sent = async (labels: Record<string, string>): Promise<string> => {
  const { json } = await send({ labels });
  return (json.alerts as unknown as { fingerprint: string }[])[0]!.fingerprint;
};
const stepsOf = async (fingerprint: string, holds: (steps: readonly Step[]) => boolean): Promise<readonly Step[]> => {
  const read = async (): Promise<readonly Step[]> => {
    const { json } = await get(`/api/v1/alerts/${fingerprint}/trace`);
    return (json.events as unknown as { trace: Step[] }[] | undefined)?.[0]?.trace ?? [];
  };
  return eventually(read, holds);
};
const wasTold = (steps: readonly Step[]): boolean => steps.some(({ decision }) => decision === "sent");

describe("a route that groups", () => {
  test("asks the filters at its flush, says so in the trace, and counts it", async () => {
    const labels = { alertname: "GroupedAndFiltered" };
    const { json } = await post("/api/v1/explain", { labels });
    expect(json.targets).toMatchObject([
      { target: "asleep", told: "no", reason: "target_disabled" },
      { target: "chat", told: "group" },
      { target: "lab", told: "no", reason: "filter: no_lab" },
      { target: "spare", told: "no", reason: "no route leads to it" },
    ]);
    const steps = await stepsOf(await sent(labels), wasTold);
    expect(steps).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ stage: "filter", decision: "deny", reason: "no_lab", target: "lab" }),
        expect.objectContaining({ stage: "filter", decision: "allow", reason: "no_rule", target: "chat" }),
        expect.objectContaining({ stage: "notify", decision: "queued", target: "chat" }),
      ]),
    );
    expect([chat.received.length, lab.received.length]).toEqual([1, 0]);
    const { rules } = (await get("/proxy/filters/rules")).json as unknown as { rules: { name: string }[] };
    expect(rules.find(({ name }) => name === "no_lab")).toMatchObject({
      hits: 1,
      origin: "document",
      target_name: "lab",
      conditions: { label_missing: ["lab"] },
    });
    expect((await get("/proxy/stats")).json.filters).toMatchObject({ total_allowed: 1, total_denied: 1 });
  });

  test("tells its fallback where its only target is switched off", async () => {
    const steps = await stepsOf(await sent({ alertname: "NightShift", team: "night" }), wasTold);
    expect(steps).toContainEqual(expect.objectContaining({ stage: "route", decision: "fallback", target: "spare" }));
    expect(spare.received.filter(({ body }) => body.includes("NightShift"))).toHaveLength(1);
  });
});

test("a route whose targets do not exist tells its fallback; one that is meant to tell nobody does not", async () => {
  const quiet = await sent({ alertname: "Quiet", team: "quiet" });
  const gone = await sent({ alertname: "TargetsGone", team: "gone" });
  await stepsOf(gone, wasTold);
  const steps = await stepsOf(quiet, (list) => list.length > 0);
  expect(steps).toContainEqual(expect.objectContaining({ decision: "none", reason: "receiver null has no target" }));
  expect(spare.received.filter(({ body }) => body.includes("TargetsGone"))).toHaveLength(1);
  expect(spare.received.filter(({ body }) => body.includes("Quiet"))).toHaveLength(0);
});

test("a delay delays once, and the trace tells it once", async () => {
  const began = Date.now();
  const fingerprint = await sent({ alertname: "Later", team: "now" });
  const steps = await stepsOf(fingerprint, wasTold);
  expect(Date.now() - began).toBeGreaterThanOrEqual(2_000);
  expect(steps.filter(({ stage }) => stage === "filter").map(({ decision, reason }) => [decision, reason])).toEqual([
    ["delay", "later"],
    ["allow", "delay_over"],
  ]);
  expect(chat.received.filter(({ body }) => body.includes("Later"))).toHaveLength(1);
});

test("steps that are added twice stand and count once", async () => {
  const fingerprint = await sent({ alertname: "AddedTwice" });
  await stepsOf(fingerprint, wasTold);
  const at = Date.now();
  const added: MemberStep[] = ["first", "second"].map((reason) => ({
    fingerprint,
    seq: 1,
    step: { at, stage: "filter", decision: "delay", reason, target: "chat" },
  }));
  await env.DB.batch(appendTrace(env.DB, added.slice(0, 1)));
  await env.DB.batch(appendTrace(env.DB, added));
  await env.DB.batch(appendTrace(env.DB, added));
  const steps = await stepsOf(fingerprint, () => true);
  expect(steps.filter(({ decision }) => decision === "delay").map(({ reason }) => reason)).toEqual(["first", "second"]);
  expect((await get("/proxy/stats")).json.filters).toMatchObject({ total_delayed: 3 });
});
