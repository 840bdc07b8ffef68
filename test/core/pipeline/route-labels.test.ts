import { expect, test } from "vitest";
import { EMPTY_GROUP } from "../../../src/core/group/group.ts";
import { flushGroup } from "../../../src/core/pipeline/flush.ts";
import { joinGroup } from "../../../src/core/pipeline/join.ts";
import { process } from "../../../src/core/pipeline/process.ts";
import { compileRouting } from "../../../src/worker/routing.ts";
import { context, event } from "../../support/decisions.ts";
import { config } from "../../support/scenes.ts";

const document = config(`route:
  receiver: team
  group_by: ['...']
  group_wait: 0s
  labels: { owner: ops, tier: "1" }
  routes:
    - matchers: ['kind="grouped"']
      group_by: [alertname]
      labels: { tier: "2" }
receivers:
  - name: team
    targets: [chat]
`);
const routing = compileRouting(document, new Set(["chat"]), ["chat"]);
const given = context({ match: routing.match });

test("what is told at once carries the labels of its route", () => {
  const { notifications } = process(event({ alertname: "A" }), null, given);
  expect(notifications.map(({ notification }) => notification.routeLabels)).toEqual([{ owner: "ops", tier: "1" }]);
});

test("and so does what a group tells, with those of the routes above it", () => {
  const { groups } = process(event({ alertname: "A", kind: "grouped" }), null, given);
  const stored = { info: null, state: EMPTY_GROUP, members: new Map() };
  const joined = joinGroup(stored, groups, given.now);
  if (joined === null) throw new Error("nobody joined");
  const members = new Map(joined.news.map((member) => [member.fingerprint, member]));
  const { notifications } = flushGroup(joined.info, joined.state, members, new Map(), () => false, given);
  expect(notifications.map(({ item }) => item.notification.routeLabels)).toEqual([{ owner: "ops", tier: "2" }]);
});
