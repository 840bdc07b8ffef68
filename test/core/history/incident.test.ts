import { describe, expect, test } from "vitest";
import { type IncidentMember, incidentId, incidentKey, summariseIncident } from "../../../src/core/history/incident.ts";

const member = (name: string, startsAt: number, over: Partial<IncidentMember> = {}): IncidentMember => ({
  fingerprint: name,
  labels: { alertname: name, cluster: "c1" },
  status: "firing",
  severity: "warning",
  startsAt,
  endsAt: null,
  joinedAt: startsAt,
  ...over,
});
const nobody = () => [];

describe("the key of an incident", () => {
  const rule = { labels: ["cluster", "service"], withinMs: 60_000 };
  const rows: [sentence: string, labels: Record<string, string>, key: string | null][] = [
    ["holds every shared label in order", { service: "api", cluster: "c1", pod: "x" }, "cluster=c1 service=api"],
    ["leaves out what an alert lacks", { cluster: "c1" }, "cluster=c1"],
    ["is none where an alert has none of the labels", { pod: "x" }, null],
    ["looks at own labels only", { pod: "constructor" }, null],
  ];
  test.each(rows)("%s", (_, labels, key) => {
    expect(incidentKey(labels, rule)).toBe(key);
  });
  test("its id is the same whenever it is asked", () => {
    expect(incidentId("cluster=c1", 5)).toBe(incidentId("cluster=c1", 5));
    expect(incidentId("cluster=c1", 5)).not.toBe(incidentId("cluster=c2", 5));
  });
});

describe("a summary", () => {
  test("names the earliest as first cause where nobody inhibits", () => {
    const summary = summariseIncident("cluster=c1", [member("B", 20), member("A", 10)], nobody);
    expect(summary).toMatchObject({
      title: "2 alerts: cluster=c1",
      status: "open",
      firing: 2,
      endedAt: null,
      firstCause: { fingerprint: "A", why: "earliest" },
    });
  });
  test("names who inhibits others even where it came later", () => {
    const members = [member("B", 20), member("A", 10)];
    expect(summariseIncident("k", members, (m) => (m.fingerprint === "A" ? ["B"] : [])).firstCause).toEqual({
      fingerprint: "B",
      why: "inhibits_others",
    });
  });
  test("is resolved when everybody is, with the worst severity and both ends in its timeline", () => {
    const done = { status: "resolved", endsAt: 50 } as const;
    const summary = summariseIncident(
      "k",
      [member("A", 10, { ...done, severity: "critical" }), member("A", 15, done)],
      nobody,
    );
    expect(summary).toMatchObject({ title: "A × 2: k", status: "resolved", severity: "critical", resolved: 2 });
    expect(summary.endedAt).toBe(50);
    expect(summary.timeline.map(({ at, what }) => `${at} ${what}`)).toEqual([
      "10 fired",
      "15 fired",
      "50 resolved",
      "50 resolved",
    ]);
  });
});
