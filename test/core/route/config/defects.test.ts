import { describe, expect, it } from "vitest";
import { readConfig } from "../../../../src/core/route/config.ts";
import { warningsOf } from "./read-targets.ts";

/** `line:column path message` of every defect. */
const defectsOf = (text: string): string[] => {
  const read = readConfig(text);
  return read.ok ? [] : read.error.map((one) => `${one.line}:${one.column} ${one.path} ${one.message}`);
};
const GOOD = "route: {receiver: a}\nreceivers: [{name: a}]\n";
const route = (text: string): string => `receivers: [{name: a}]\nroute:\n  receiver: a\n${text}`;
const child = (text: string): string => route(`  routes:\n    - ${text}\n`);
const receiver = (text: string): string => `route: {receiver: a}\nreceivers:\n  - name: a\n${text}`;
const LONG_CHAIN = (depth: number): string => {
  let routes = "";
  for (let level = 1; level < depth; level++) routes += `, routes: [{matchers: [a="${level}"]`;
  return `route: {receiver: a${routes}${"}]".repeat(depth - 1)}}\nreceivers: [{name: a}]\n`;
};

describe("every defect names path, line and column", () => {
  it.each([
    [
      "an unknown key at the top",
      `${GOOD}recievers: []\n`,
      ["3:1 /recievers is no known key, did you mean receivers?"],
    ],
    [
      "a template that nobody has filled in",
      `${GOOD}global:\n  resolve_timeout: {{ timeout }}\n`,
      ["4:21  a key must be a text; a value that begins with { or [ must be in quotes"],
    ],
    [
      "one that is like no other",
      `${GOOD}zzzzzzzzzzzzzzz: 1\n`,
      [expect.stringContaining("3:1 /zzzzzzzzzzzzzzz is no known key; known are classification, correlation,")],
    ],
    [
      "one in a route",
      child("{group_intervall: 5m}"),
      ["5:8 /route/routes/0/group_intervall is no known key, did you mean group_interval?"],
    ],
    [
      "one in global",
      `${GOOD}global: {slack_api_urls: x}\n`,
      ["3:10 /global/slack_api_urls is no known key, did you mean slack_api_url?"],
    ],
    [
      "one in an integration that is not served",
      receiver("    email_configs: [{too: x}]\n"),
      ["4:22 /receivers/0/email_configs/0/too is no known key, did you mean to?"],
    ],
    [
      "one far down",
      `${GOOD}global: {http_config: {tls_config: {insecure: true}}}\n`,
      [expect.stringContaining("/global/http_config/tls_config/insecure is no known key")],
    ],
    ["a duration", route("  group_wait: 30\n"), ["4:15 /route/group_wait must be a duration such as 30s, 5m or 1h30m"]],
    ["a zero interval", route("  group_interval: 0s\n"), ["4:19 /route/group_interval must not be zero"]],
    ["a flag", child("{continue: maybe}"), ["5:18 /route/routes/0/continue must be true or false"]],
    ["a list that is none", route("  group_by: alertname\n"), ["4:13 /route/group_by must be a list"]],
    ["a map that is none", `${GOOD}global: [1]\n`, ["3:9 /global must be a map"]],
    [
      "a matcher",
      child(`{matchers: ['a=~"("']}`),
      [
        '5:19 /route/routes/0/matchers/0 the matcher of "a" is no RE2 regular expression: missing closing ): `(` (column 1 of the matcher)',
      ],
    ],
    [
      "a matcher without operator",
      child("{matchers: [a]}"),
      ["5:19 /route/routes/0/matchers/0 expected one of = != =~ !~ (column 2 of the matcher)"],
    ],
    [
      "a pattern",
      child(`{match_re: {a: "["}}`),
      [expect.stringContaining("5:22 /route/routes/0/match_re/a is no RE2 regular expression")],
    ],
    ["a label name of old", child("{match: {a-b: c}}"), ["5:16 /route/routes/0/match/a-b is no label name"]],
    [
      "a receiver that is not there",
      child("{receiver: b}"),
      ['5:18 /route/routes/0/receiver there is no receiver "b"'],
    ],
    [
      "a receiver that is nearly there",
      child("{receiver: A}"),
      ['5:18 /route/routes/0/receiver there is no receiver "A", did you mean a?'],
    ],
    [
      "an interval that is not there",
      child("{mute_time_intervals: [n]}"),
      ['5:30 /route/routes/0/mute_time_intervals/0 there is no time interval "n"'],
    ],
    ["a label twice", route("  group_by: [a, a]\n"), ["4:17 /route/group_by/1 stands in the list twice"]],
    [
      "all labels and one more",
      route("  group_by: [a, '...']\n"),
      ["4:17 /route/group_by/1 ... must stand alone in group_by"],
    ],
    [
      "conditions at the root",
      route("  matchers: [a=b]\n"),
      ["4:13 /route/matchers the root route takes every alert: it must have no matchers"],
    ],
    [
      "times at the root",
      route("  mute_time_intervals: [x]\n"),
      [expect.stringContaining("/route/mute_time_intervals the root"), expect.stringContaining("no time interval")],
    ],
    [
      "continue at the root",
      route("  continue: true\n"),
      ["4:13 /route/continue the root route has no siblings to continue with"],
    ],
    ["no route", "receivers: [{name: a}]\n", ["1:1  needs a route"]],
    ["no receiver at the root", "route: {group_wait: 1s}\n", ["1:8 /route the root route must name a receiver"]],
    [
      "a receiver without name",
      `${GOOD.replace("[{name: a}]", "[{name: a}, {}]")}`,
      ["2:24 /receivers/1 needs a name"],
    ],
    [
      "two of one name",
      `${GOOD.replace("[{name: a}]", "[{name: a}, {name: a}]")}`,
      ["2:31 /receivers/1/name is the name of another receiver"],
    ],
    [
      "an empty integration",
      receiver("    slack_configs:\n      -\n"),
      ["5:8 /receivers/0/slack_configs/0 must not be empty"],
    ],
    [
      "a webhook to nowhere",
      receiver("    webhook_configs: [{max_alerts: 1}]\n"),
      ["4:23 /receivers/0/webhook_configs/0 needs a url"],
    ],
    [
      "a chat without a token",
      receiver("    telegram_configs: [{chat_id: 1}]\n"),
      ["4:24 /receivers/0/telegram_configs/0 needs a bot_token, here or as telegram_bot_token in global"],
    ],
    [
      "a value and its file",
      receiver("    webhook_configs: [{url: https://a.b, url_file: /x}]\n"),
      ["4:42 /receivers/0/webhook_configs/0/url_file at most one of url and url_file may be given"],
    ],
    [
      "an inhibition by a matcher that cannot be read",
      `${GOOD}inhibit_rules: [{source_matchers: [a=b], target_match: {1: b}}]\n`,
      ["3:57 /inhibit_rules/0/target_match/1 is no label name"],
    ],
    ["a time interval without name", `${GOOD}time_intervals: [{}]\n`, ["3:18 /time_intervals/0 needs a name"]],
    [
      "two intervals of one name",
      `${GOOD}time_intervals: [{name: n}]\nmute_time_intervals: [{name: n}]\n`,
      ["3:25 /time_intervals/0/name is the name of another time interval"],
    ],
    [
      "parts of an interval",
      `${GOOD}time_intervals:\n  - name: n\n    time_intervals:\n      - weekdays: [fri]\n        days_of_month: [0]\n        months: [13]\n        years: [x]\n        location: Mars\n        times: [{start_time: 9:00, end_time: 10:00}, {start_time: 10:00, end_time: 10:00}]\n`,
      [
        "6:20 /time_intervals/0/time_intervals/0/weekdays/0 must be a weekday, or two with a colon",
        "7:25 /time_intervals/0/time_intervals/0/days_of_month/0 must be a day from 1 to 31 or -31 to -1, or two with a colon",
        "8:18 /time_intervals/0/time_intervals/0/months/0 must be a month, or two with a colon",
        "9:17 /time_intervals/0/time_intervals/0/years/0 must be a year, or two with a colon",
        "10:19 /time_intervals/0/time_intervals/0/location must be a time zone such as Europe/Berlin",
        "11:30 /time_intervals/0/time_intervals/0/times/0/start_time start_time must be HH:MM",
        "11:54 /time_intervals/0/time_intervals/0/times/1 must end later on the same day; a night is two times, up to 24:00 and from 00:00",
      ],
    ],
    [
      "a confidence",
      child("{min_confidence: 2, matchers: [llm_severity=critical]}"),
      ["5:24 /route/routes/0/min_confidence must be from 0 to 1"],
    ],
    ["a target that is none", `${GOOD}targets: {x: 1}\n`, ["3:14 /targets/x a target must be a map"]],
    [
      "a filter",
      `${GOOD}filters: [{name: x, action: drop, conditions: {}}]\n`,
      [expect.stringContaining("3:21 /filters/0/action")],
    ],
    [
      "a filter without conditions",
      `${GOOD}filters: [{name: x, action: deny, conditions: {}}]\n`,
      ["3:35 /filters/0/conditions must hold at least one condition"],
    ],
    [
      "a pattern in a filter",
      `${GOOD}filters: [{name: x, action: deny, conditions: {namespace_pattern: "("}}]\n`,
      [expect.stringContaining("3:48 /filters/0/conditions/namespace_pattern")],
    ],
    ["filters that are no list", `${GOOD}filters: {a: 1}\n`, ["3:10 /filters must be a list"]],
    [
      "classification",
      `${GOOD}classification: {treshold: 0.5}\n`,
      ["3:18 /classification/treshold is no known key, did you mean threshold?"],
    ],
    [
      "a threshold",
      `${GOOD}classification: {threshold: 80}\n`,
      [expect.stringContaining("3:18 /classification/threshold")],
    ],
    [
      "a heartbeat of everything",
      `${GOOD}heartbeats: [{name: x, matchers: ['a=~".*"'], within: 5m}]\n`,
      ["3:34 /heartbeats/0/matchers must hold a matcher that an alert without labels does not match"],
    ],
    [
      "a heartbeat that beats too fast",
      `${GOOD}heartbeats: [{name: x, matchers: [a=b], within: 1s}]\n`,
      ["3:41 /heartbeats/0/within must be a duration such as 1m, and not less"],
    ],
    [
      "retention",
      `${GOOD}retention: {events: 1h}\n`,
      ["3:13 /retention/events must be a duration such as 1d, and not less"],
    ],
  ])("%s", (_, text, want) => {
    expect(defectsOf(text)).toEqual(want);
  });

  it("all at once, in the order of the document", () => {
    const text = "route:\n  receiver: b\n  group_wait: x\nreceivers:\n  - nam: a\n  - name: a\n    foo: 1\n";
    expect(defectsOf(text).map((defect) => defect.split(" ").slice(0, 2))).toEqual([
      ["2:13", "/route/receiver"],
      ["3:15", "/route/group_wait"],
      ["5:5", "/receivers/0/nam"],
      ["5:5", "/receivers/0"],
      ["7:5", "/receivers/1/foo"],
    ]);
  });
});

describe("text that is no document", () => {
  it.each([
    ["nothing", "", "1:1  must be a map with a route and receivers"],
    ["a list", "- a\n", "1:1  must be a map with a route and receivers"],
    ["a key twice", "route: {receiver: a}\nroute: {}\n", "2:1 /route stands in this map twice"],
    ["an open quote", 'route: "a\n', '2:1  Missing closing "quote'],
    ["two documents", `${GOOD}---\n${GOOD}`, "3:1  another document begins here: only one is taken"],
    ["an alias to nothing", "route: *a\n", "1:8 /route there is no anchor &a before this alias"],
    ["an alias to itself", "route: &a {receiver: x, routes: [*a]}\n", "is nested too deeply, or refers to itself"],
    ["a merge of a text", "route: {<<: a}\n", "1:9 /route/<< only a map can be merged"],
  ])("%s", (_, text, want) => {
    expect(defectsOf(text).join("\n")).toContain(want);
  });

  it("is refused quickly when it is made to explode", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ")}]`);
    const start = performance.now();
    expect(defectsOf(`${lines.join("\n")}\n`).join()).toContain("values once aliases are resolved");
    expect(defectsOf("[".repeat(1_000_000))).toEqual(["1:1  is nested too deeply"]);
    expect(defectsOf("- ".repeat(500_000))).toEqual(["1:1  is nested too deeply"]);
    expect(defectsOf(Array.from({ length: 50_000 }, (_, i) => `k${i}: 1\n`).join(""))).toHaveLength(200);
    expect(defectsOf("a: 1\n".repeat(50_000))).toHaveLength(20);
    // Resolved one by one, the aliases alone are a thousand million values.
    expect(performance.now() - start).toBeLessThan(60_000);
  });
});

describe("limits", () => {
  it.each([
    ["ten routes deep", LONG_CHAIN(10), []],
    ["eleven", LONG_CHAIN(11), [expect.stringContaining("routes are nested more than 10 deep")]],
    ["1 MiB", `${GOOD}#${"x".repeat(1_048_576)}\n`, ["1:1  must not exceed 1048576 bytes"]],
  ])("%s", (_, text, want) => {
    expect(defectsOf(text)).toEqual(want);
  });

  it("1000 routes and 500 receivers", () => {
    const routes = (count: number) => route(`  routes:\n${"    - {matchers: [a=b]}\n".repeat(count)}`);
    expect(defectsOf(routes(999))).toEqual([]);
    expect(defectsOf(routes(1000))).toEqual([
      expect.stringContaining("/route/routes/999 there are more than 1000 routes"),
    ]);
    const receivers = (count: number) =>
      `route: {receiver: r0}\nreceivers:\n${Array.from({ length: count }, (_, i) => `  - name: r${i}\n`).join("")}`;
    expect(defectsOf(receivers(500))).toEqual([]);
    expect(defectsOf(receivers(501))).toEqual(["503:5 /receivers/500 there are more than 500 receivers"]);
  });
});

describe("what is only a warning", () => {
  it.each([
    [
      "the old grammar",
      child(`{matchers: ['a=~"\\d+"']}`),
      '/route/routes/0/matchers/0 is read by the old grammar of matchers; the new one wants a=~"\\\\d+"',
    ],
    [
      "a confidence without question",
      child("{min_confidence: 0.9}"),
      "/route/routes/0/min_confidence counts only beside matchers on llm_severity or llm_category",
    ],
    [
      "a word no classification has",
      child("{matchers: [llm_severity=high]}"),
      "/route/routes/0 the matcher on llm_severity holds for none of critical, warning, info, noise",
    ],
    [
      "a receiver of all targets",
      GOOD.replaceAll("a}", "default}"),
      "/receivers/0 without targets of its own, this receiver means every enabled target",
    ],
    [
      "an inhibition of everything",
      `${GOOD}inhibit_rules: [{source_matchers: [a=b]}]\n`,
      "/inhibit_rules/0 has no target_matchers: every alert that is no source is inhibited",
    ],
    [
      "an inhibition by everything",
      `${GOOD}inhibit_rules: [{target_match: {a: b}}]\n`,
      "/inhibit_rules/0 has no source_matchers: every alert that is no target inhibits",
    ],
    [
      "an inhibition without matchers",
      `${GOOD}inhibit_rules: [{equal: [a]}]\n`,
      "/inhibit_rules/0 inhibits nothing: without matchers every alert is on both sides",
    ],
    [
      "local time",
      `${GOOD}time_intervals: [{name: n, time_intervals: [{location: Local}]}]\n`,
      "/time_intervals/0/time_intervals/0/location is read as UTC: there is no machine whose local time it could be",
    ],
    [
      "a template in a route label",
      child("{labels: {a: '{{ .Status }}'}}"),
      "/route/routes/0/labels/a templates in route labels are not served: it is kept as it is written",
    ],
    ["tracing", `${GOOD}tracing: {endpoint: x}\n`, "/tracing is Alertmanager's own business and has no meaning here"],
  ])("%s", (_, text, want) => {
    expect(warningsOf(text)).toEqual([want]);
  });

  it("a list of a hundred names in one expression is none", () => {
    const names = Array.from({ length: 100 }, (_, i) => `service-${i}`).join("|");
    expect(warningsOf(child(`{matchers: ['name=~"${names}"', 'pod=~"(${names})-.*"']}`))).toEqual([]);
  });
});
