/** The pure decision, `process`, with the tree of 500 routes and 200 silences that DESIGN section 8 asks about. */
import { compileMatcher, type MatcherSpec } from "../../src/core/alert/matcher.ts";
import { createSilence, type Silence } from "../../src/core/filter/silence.ts";
import { compileSilences, silencedBy } from "../../src/core/filter/silence-set.ts";
import { process as decide } from "../../src/core/pipeline/process.ts";
import type { Receiver, RouteNode, RoutingConfig } from "../../src/core/route/routing.ts";
import { compileRouting } from "../../src/worker/routing.ts";
import { context, event, NOW, target } from "../support/decisions.ts";
import { median } from "./statistics.ts";

const ROUTES = 500;
const SILENCES = 200;
const ALERTS = 2_000;
const ROUNDS = 9;

const node = (path: string, over: Partial<RouteNode>): RouteNode => ({
  path,
  receiver: null,
  matchers: [],
  minConfidence: null,
  continue: false,
  groupBy: ["..."],
  groupWaitMs: 0,
  groupIntervalMs: null,
  repeatIntervalMs: null,
  muteTimeIntervals: [],
  activeTimeIntervals: [],
  labels: {},
  fallback: null,
  fallbackAfterMs: null,
  regroup: null,
  routes: [],
  ...over,
});

const matcherOf = (spec: MatcherSpec) => {
  const compiled = compileMatcher(spec);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
};

/** As a platform team writes it: a branch per team by label, below it one by regular expression per service. */
const tree = (): RouteNode =>
  node("/route", {
    receiver: "all",
    routes: Array.from({ length: ROUTES / 10 }, (_, team) =>
      node(`/route/routes/${team}`, {
        matchers: [matcherOf({ name: "team", operator: "=", value: `team-${team}` })],
        routes: Array.from({ length: 9 }, (_, service) =>
          node(`/route/routes/${team}/routes/${service}`, {
            matchers: [matcherOf({ name: "alertname", operator: "=~", value: `Service${service}.*` })],
            continue: service % 3 === 0,
          }),
        ),
      }),
    ),
  });

const silences = (): Silence[] =>
  Array.from({ length: SILENCES }, (_, i) => {
    const matchers: MatcherSpec[] =
      i % 2 === 0
        ? [{ name: "instance", operator: "=", value: `host-${i}` }]
        : [
            { name: "alertname", operator: "=~", value: `Maintenance${i}.*` },
            { name: "cluster", operator: "!=", value: "eu" },
          ];
    const made = createSilence(
      {
        matchers,
        startsAt: NOW,
        endsAt: NOW + 3_600_000,
        createdBy: "bench",
        comment: "bench",
        annotations: {},
        recurrence: null,
      },
      `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
      NOW,
    );
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    return made.value;
  });

export const benchDecision = async (): Promise<void> => {
  const receivers: Receiver[] = [{ name: "all", targets: ["chat", "pager", "hook"] }];
  const targets = new Map(
    receivers.flatMap(() => ["chat", "pager", "hook"].map((name) => [name, target(name)] as const)),
  );
  const config = { route: tree(), receivers, timeIntervals: new Map() } as unknown as RoutingConfig;
  const routing = compileRouting(config, new Set(targets.keys()), [...targets.keys()]);
  const set = compileSilences(silences());
  const asked = context({
    targets,
    match: routing.match,
    timeMute: routing.timeMute,
    silencedBy: (labels, at) => silencedBy(set, labels, at),
  });
  const events = Array.from({ length: ALERTS }, (_, i) =>
    event({
      alertname: `Service${i % 12}Down`,
      cluster: "eu",
      instance: `web-${i}`,
      namespace: `namespace-${i % 40}`,
      severity: i % 10 === 0 ? "critical" : "warning",
      team: `team-${i % 60}`,
    }),
  );
  const rounds = Array.from({ length: ROUNDS }, () => {
    const from = performance.now();
    for (const e of events) decide(e, null, asked);
    return ((performance.now() - from) * 1000) / events.length;
  });
  const told = events.reduce((sum, e) => sum + decide(e, null, asked).notifications.length, 0);
  console.log(`\npure decision with ${routing.tree.routes.length} routes and ${SILENCES} silences`);
  console.log(`${median(rounds).toFixed(1)} µs per alert, ${(told / events.length).toFixed(1)} notifications each`);
};
