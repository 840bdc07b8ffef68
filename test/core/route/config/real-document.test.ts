import { describe, expect, it } from "vitest";
import { printDuration } from "../../../../src/core/alert/duration.ts";
import { printMatchers } from "../../../../src/core/alert/matcher.ts";
import {
  DEFAULT_DOCUMENT,
  defaultConfig,
  projectForAlertmanager,
  readConfig,
} from "../../../../src/core/route/config.ts";
import { compileTree, matchRoutes } from "../../../../src/core/route/tree.ts";
import { readTargets, readValid, warningsOf } from "./read-targets.ts";

/** As people run it: anchors, both spellings of matchers, YAML 1.1 words, every block of Alertmanager. */
const REAL = `# the company's alerting
global:
  resolve_timeout: 10m
  smtp_smarthost: 'mail.example.com:587'
  smtp_from: alerts@example.com
  smtp_auth_password: hunter2
  smtp_require_tls: yes
  slack_api_url: https://hooks.slack.com/services/T000/B000/GLOBALSECRET
  opsgenie_api_key: genie-key
  http_config: {follow_redirects: true}

templates: ['/etc/alertmanager/*.tmpl']

route:
  receiver: 'null'
  group_by: [alertname, cluster]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 12h
  routes:
    - &watchdog
      receiver: deadman
      matchers: [alertname = Watchdog]
      repeat_interval: 5m
    - match: {severity: critical}
      match_re:
        service: ^(api|web)$
      receiver: pager
      continue: yes
      routes:
        - matchers:
            - team=~"db|storage"
            - '{env="prod", region!=""}'
          group_by: ['...']
          mute_time_intervals: [holidays]
    - matchers: ['severity =~ "warning|info"']
      receiver: chat
      active_time_intervals: [office-hours]
      group_by: []
    - <<: *watchdog
      matchers: [alertname="InfoInhibitor"]
      receiver: 'null'

inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity=~"warning|info"]
    equal: [alertname, cluster]
  - name: old
    source_match: {alertname: ClusterDown}
    target_match_re: {alertname: .+}
    equal: [cluster]
  - name: maintenance
    source_matchers: [alertname = "Maintenance"]
    equal: [cluster]
  - {name: anything first, source_matchers: [], target_match: {severity: info}}
  - {name: all of it, source_match: {}, target_matchers:}

time_intervals:
  - name: office-hours
    time_intervals:
      - weekdays: ['monday:friday']
        times: [{start_time: 09:00, end_time: '17:30'}]
        location: Europe/Berlin
mute_time_intervals:
  - name: holidays
    time_intervals:
      - {days_of_month: ['24:26'], months: ['december'], years: [2026:2030]}
      - days_of_month: [-1]

receivers:
  - name: 'null'
  - name: deadman
    webhook_configs:
      - url: https://hc-ping.example.com/uuid
        send_resolved: no
  - name: pager
    pagerduty_configs:
      - routing_key: 0123456789abcdef0123456789abcdef
    opsgenie_configs:
      - priority: P1
    email_configs:
      - to: oncall@example.com
  - name: chat
    slack_configs:
      - channel: '#alerts'
        send_resolved: true
`;

describe("a real alertmanager.yml", () => {
  const { config } = readValid(REAL);

  it("is read with the meaning it has there", () => {
    expect(config.resolveTimeoutMs).toBe(600_000);
    expect(config.route).toMatchObject({
      path: "/route",
      receiver: "null",
      groupBy: ["alertname", "cluster"],
      groupWaitMs: 30_000,
      repeatIntervalMs: 43_200_000,
    });
    const shown = config.route.routes.map((route) => [
      printMatchers(route.matchers),
      route.receiver,
      route.continue,
      route.repeatIntervalMs === null ? null : printDuration(route.repeatIntervalMs),
    ]);
    expect(shown).toEqual([
      ['{alertname="Watchdog"}', "deadman", false, "5m"],
      ['{service=~"^(api|web)$",severity="critical"}', "pager", true, null],
      ['{severity=~"warning|info"}', "chat", false, null],
      ['{alertname="InfoInhibitor"}', "null", false, "5m"],
    ]);
    expect(config.route.routes[1]?.routes[0]).toMatchObject({
      path: "/route/routes/1/routes/0",
      groupBy: ["..."],
      muteTimeIntervals: ["holidays"],
      receiver: null,
    });
    expect(config.route.routes[2]).toMatchObject({ groupBy: [], activeTimeIntervals: ["office-hours"] });
  });

  it("routes as Alertmanager would", () => {
    const tree = compileTree(config.route, config.receivers);
    const receivers = (labels: Record<string, string>) => matchRoutes(tree, labels).map((route) => route.receiver);
    expect(receivers({ alertname: "Watchdog" })).toEqual(["deadman"]);
    expect(receivers({ severity: "critical", service: "api" })).toEqual(["pager"]);
    expect(receivers({ severity: "critical", service: "other" })).toEqual(["null"]);
    expect(receivers({ severity: "info" })).toEqual(["chat"]);
  });

  it("keeps inhibition and time intervals of both spellings", () => {
    expect(config.inhibitRules.map(({ name, equal }) => [name, equal])).toEqual([
      ["inhibit_rules/0", ["alertname", "cluster"]],
      ["old", ["cluster"]],
      ["maintenance", ["cluster"]],
      ["anything first", []],
      ["all of it", []],
    ]);
    const sides = config.inhibitRules.map((rule) => [rule.sourceMatchers, rule.targetMatchers].map(printMatchers));
    expect(sides).toEqual([
      ['{severity="critical"}', '{severity=~"warning|info"}'],
      ['{alertname="ClusterDown"}', '{alertname=~".+"}'],
      ['{alertname="Maintenance"}', "{}"],
      ["{}", '{severity="info"}'],
      ["{}", "{}"],
    ]);
    expect(Object.fromEntries(config.timeIntervals)).toMatchObject({
      "office-hours": [
        { times: [{ startMinute: 540, endMinute: 1050 }], weekdays: [{ begin: 1, end: 5 }], location: "Europe/Berlin" },
      ],
      holidays: [
        {
          daysOfMonth: [{ begin: 24, end: 26 }],
          months: [{ begin: 12, end: 12 }],
          years: [{ begin: 2026, end: 2030 }],
        },
        { daysOfMonth: [{ begin: -1, end: -1 }], location: "UTC" },
      ],
    });
  });

  it("makes its integrations targets of the receivers", () => {
    expect(config.receivers).toEqual([
      { name: "null", targets: ["null"], isBare: true },
      { name: "deadman", targets: ["deadman-webhook-1"] },
      { name: "pager", targets: ["pager-pagerduty-1", "pager-opsgenie-1"] },
      { name: "chat", targets: ["chat-slack-1"] },
    ]);
    expect(readTargets(REAL).map(({ name, type, format, sendResolved }) => [name, type, format, sendResolved])).toEqual(
      [
        ["deadman-webhook-1", "webhook", "alertmanager", false],
        ["pager-pagerduty-1", "pagerduty", "pagerduty", true],
        ["pager-opsgenie-1", "opsgenie", "opsgenie", true],
        ["chat-slack-1", "slack", "slack", true],
      ],
    );
  });

  it("says by path what is not taken over", () => {
    expect(warningsOf(REAL).map((warning) => warning.split(" ")[0])).toEqual([
      "/templates/0",
      "/inhibit_rules/2",
      "/inhibit_rules/3",
      "/inhibit_rules/4",
      "/receivers/2/opsgenie_configs/0/priority",
      "/receivers/2/email_configs/0",
      "/receivers/3/slack_configs/0/channel",
    ]);
  });

  it("is shown to Alertmanager's clients without a secret", () => {
    const projected = projectForAlertmanager(REAL);
    if (!projected.ok) throw new Error("not projected");
    for (const secret of ["hunter2", "GLOBALSECRET", "genie-key", "0123456789abcdef", "hc-ping"]) {
      expect(projected.value).not.toContain(secret);
    }
    expect(projected.value).toContain("slack_api_url: <secret>");
    expect(projected.value).toContain("url: http://<secret>");
    expect(projected.value).toContain("smtp_require_tls: true");
    // Read again it routes the same, with what is not known any more reported.
    const again = readConfig(projected.value);
    expect(again.ok).toBe(false);
    if (!again.ok) expect(new Set(again.error.map(({ message }) => message)).size).toBe(1);
  });
});

describe("our own keys beside Alertmanager's", () => {
  const OWN = `
route:
  receiver: default
  routes:
    - matchers: [llm_severity="critical"]
      min_confidence: 0.9
      receiver: pager
      fallback: phone
      fallback_after: 2m
      regroup: true
receivers:
  - name: default
  - name: pager
    targets: [pd, phone]
  - name: none
    targets: []
targets:
  pd: {type: pagerduty, routing_key: 0123456789abcdef0123456789abcdef, priority: 1}
  phone:
    type: webhook
    url: https://phone.example.com/call
    headers: {X-Key: abc}
filters:
  - {name: no-tests, action: deny, conditions: {namespace_pattern: test-.*}}
sources:
  - name: prometheus
    drop_labels: [replica]
classification: {threshold: 0.75, suppression: true, redact_labels: [user], calls_per_day: 100, severity_floor: warning}
heartbeats:
  - {name: prod, matchers: ['alertname="Watchdog"', cluster="prod"], within: 5m, labels: {severity: critical}}
correlation: {labels: [cluster, namespace], within: 15m}
retention: {events: 30d, rollups: 2y}
`;

  it("are read", () => {
    const read = readValid(OWN);
    expect(read.config.route.routes[0]).toMatchObject({
      minConfidence: 0.9,
      fallback: "phone",
      fallbackAfterMs: 120_000,
      regroup: true,
    });
    expect(read.config.receivers).toEqual([
      { name: "default", targets: "all" },
      { name: "pager", targets: ["pd", "phone"] },
      { name: "none", targets: [] },
    ]);
    expect(readTargets(OWN).map(({ name, priority }) => [name, priority])).toEqual([
      ["pd", 1],
      ["phone", 100],
    ]);
    expect(read.targets.map(({ path, receiver }) => [path, receiver])).toEqual([
      ["/targets/pd", null],
      ["/targets/phone", null],
    ]);
    expect(read.sources).toEqual([{ name: "prometheus", drop_labels: ["replica"] }]);
    expect(read.config.filters.map(({ name, action }) => [name, action])).toEqual([["no-tests", "deny"]]);
    expect(read.config.classification).toMatchObject({
      threshold: 0.75,
      suppression: true,
      redactLabels: ["user"],
      callsPerDay: 100,
      severityFloor: "warning",
      enabled: null,
    });
    expect(read.config.heartbeats).toMatchObject([
      { name: "prod", withinMs: 300_000, labels: { severity: "critical" } },
    ]);
    expect(read.config.correlation).toEqual({
      labels: ["cluster", "namespace"],
      withinMs: 900_000,
      window: "rolling",
    });
    expect(read.config.retention).toMatchObject({
      eventsMs: 30 * 86_400_000,
      rollupsMs: 730 * 86_400_000,
      auditMs: null,
    });
  });

  it("are not shown to Alertmanager's clients", () => {
    const projected = projectForAlertmanager(OWN);
    expect(projected).toEqual({
      ok: true,
      value: `route:
  receiver: default
  routes:
    - matchers:
        - llm_severity="critical"
      receiver: pager
receivers:
  - name: default
  - name: pager
  - name: none
`,
    });
  });

  it("say where a part stands, for defects that others find in it", () => {
    const { locate } = readValid(OWN);
    expect(locate("/targets/phone/url")).toEqual({ line: 21, column: 5 });
    expect(locate("/sources/0/drop_labels/0")).toEqual({ line: 27, column: 19 });
    expect(locate("/sources/7/nope")).toEqual(locate("/sources"));
  });
});

describe("without a document", () => {
  it("everything is told to every target at once", () => {
    const config = defaultConfig();
    expect(config.receivers).toEqual([{ name: "default", targets: "all" }]);
    expect(compileTree(config.route, config.receivers).routes).toMatchObject([
      { groupBy: ["..."], groupWaitMs: 0, groupIntervalMs: 1000, repeatIntervalMs: 14_400_000, targets: "all" },
    ]);
    expect(projectForAlertmanager(DEFAULT_DOCUMENT)).toMatchObject({ ok: true });
  });
});
