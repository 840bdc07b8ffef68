import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatOf } from "../../../src/core/publish/index.ts";
import { checkTemplate } from "../../../src/core/publish/template.ts";
import type { Target } from "../../../src/core/route/target.ts";
import { stepFor } from "../../contract/deliver.ts";
import {
  alertOf,
  groupOf,
  HOSTILE,
  HOSTILE_TEXTS,
  NOW,
  notificationOf,
  SITUATIONS,
} from "../../contract/notifications.ts";
import { DISCORD_PATH, SLACK_PATH, TELEGRAM_TOKEN } from "../../contract/targets.ts";
import { rendered, TEXT, templateTarget } from "./template-support.ts";

/** Far above what they take on the slowest machine; without a limit they take hours, or all the memory. */
const LIMIT_MS = 30_000;

describe("checkTemplate", () => {
  test.each([
    ["an unknown filter", "a\n  {{ status | nope }}", 2, 3, "undefined filter: nope"],
    ["an unknown tag", "{% bogus %}", 1, 1, 'tag "bogus" not found'],
    ["files cannot be included", "x {% include 'a' %}", 1, 3, 'tag "include" not found'],
    ["nor rendered, nor laid out", "{% layout 'a' %}", 1, 1, 'tag "layout" not found'],
    ["a loop that does not end", "{% for a in alerts %}", 1, 1, "not closed"],
    ["an output that does not end", "ok\n\n{{ status", 3, 1, "not closed"],
    ["Go syntax prints nothing in Liquid", "line\n {{ .Status }}", 2, 2, "Go template syntax"],
    ["Go loops too", "{{ range .Alerts }}x{{ end }}", 1, 1, "Go template syntax"],
    ["a bad regular expression", "\n{{ status | match: '(' }}", 2, 1, "error parsing regexp"],
    ["a look-ahead is no RE2", "{{ status | match: '(?=a)' }}", 1, 1, "error parsing regexp"],
    ["a backslash that Liquid would swallow", "ab {{ status | match: '^\\d' }}", 1, 25, "written twice"],
    ["no number", "{{ status | humanize }}", 1, 1, "is not a number"],
    ["nothing comes of it", "{% if false %}x{% endif %}", 1, 1, "produced nothing"],
    ["too long", "x".repeat(70_000), 1, 1, "parse length limit exceeded"],
  ])("%s", (_, source, line, column, message) => {
    expect(checkTemplate(source, TEXT)).toEqual([
      { path: "", line, column, message: expect.stringContaining(message) },
    ]);
  });

  test.each([
    ["text without quotes", '{"a": {{ status }} }'],
    ["a comma too many", '{"a": [{% for a in alerts %}1,{% endfor %}]}'],
    ["raw alert text in JSON", '{"a": "{{ commonAnnotations.description | raw }}"}'],
  ])("a JSON template is tried on texts that break it: %s", (_, source) => {
    expect(checkTemplate(source)).toMatchObject([{ message: expect.stringContaining("not valid JSON") }]);
  });

  test.each([
    ["a quoted value", '{"a": "{{ commonAnnotations.description }}", "n": {{ alerts.size }}}'],
    ["a value written by json", '{"a": {{ alerts | json }}, "b": {{ missing | json }}}'],
  ])("and passes where it is right: %s", (_, source) => expect(checkTemplate(source)).toEqual([]));
});

describe("sandbox", () => {
  test.each([
    ["{{ alerts.constructor }}{{ status.constructor.name }}{{ constructor }}{{ __proto__ }}x", "x"],
    ["{{ alerts[0].labels.toString }}{{ alerts.map }}{{ status.__proto__ }}x", "x"],
  ])("prototypes are out of reach: %s", (template, expected) => expect(rendered(template)).toBe(expected));

  test.each([
    [
      "loops over alerts",
      "{% for a in alerts %}{% for b in alerts %}{% for c in alerts %}{% for d in alerts %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
    ],
    [
      "loops without a body",
      "{% for a in alerts %}{% for b in alerts %}{% for c in alerts %}{% for d in alerts %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}x",
    ],
    ["a huge range", "{% for i in (1..1000000000) %}x{% endfor %}"],
    ["many ranges", "{% for a in alerts %}{% for i in (1..100000) %}x{% endfor %}{% endfor %}"],
    ["a text that doubles", `{% assign t = 'xxxxxxxxxx' %}${"{% assign t = t | append: t %}".repeat(60)}{{ t }}`],
    [
      "a captured text",
      `{% capture t %}{% for a in alerts %}{% for b in alerts %}${"y".repeat(5000)}{% endfor %}{% endfor %}{% endcapture %}{{ t }}`,
    ],
    ["a deep nest", `${"{% if true %}".repeat(2500)}x${"{% endif %}".repeat(2500)}`],
  ])("%s end soon, in the plain format", (_, template) => {
    const started = performance.now();
    const step = stepFor(templateTarget(template), notificationOf(groupOf(200)));
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
    expect(JSON.parse(step.request.body)).toHaveProperty("template_error");
  });

  test("a pattern that would take for ever elsewhere takes no time", () => {
    const alert = alertOf({ annotations: { summary: "a".repeat(9000) } });
    const started = performance.now();
    expect(rendered("{{ commonAnnotations.summary | match: '^(a+)+$' }}", notificationOf([alert]))).toBe("true");
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  });
});

describe("falling back", () => {
  const answered = (target: Target, notification = SITUATIONS.firing!) => {
    const step = stepFor(target, notification);
    const body = target.type === "slack" ? "ok" : "";
    return { step, outcome: step.read({ kind: "answer", status: 200, headers: {}, body }, null, NOW) };
  };

  test("a broken template sends the plain webhook with the error in body and outcome", () => {
    const { step, outcome } = answered(templateTarget("\n{{ status | nope }}"));
    expect(JSON.parse(step.request.body)).toMatchObject({
      alert_name: "HighCPU",
      template_error: "template line 2, column 1: undefined filter: nope",
    });
    expect(step.request.headers["content-type"]).toBe("application/json");
    expect(outcome).toMatchObject({ kind: "delivered", note: "template line 2, column 1: undefined filter: nope" });
  });

  test("a broken template for Slack sends our Slack message", () => {
    const target = templateTarget("{{", { type: "slack", url: `https://hooks.slack.com${SLACK_PATH}` });
    const { step, outcome } = answered(target);
    expect(JSON.parse(step.request.body)).toHaveProperty("blocks");
    expect(outcome).toMatchObject({ kind: "delivered", note: expect.stringMatching(/^template line 1/) });
    expect(formatOf(target).pace).toEqual({ perSecond: 1, burst: 3 });
  });

  test("a template that alert text makes invalid JSON is not sent", () => {
    const { step } = answered(
      templateTarget('{"a": "{{ commonAnnotations.summary | raw }}"}', {}, "application/json"),
      notificationOf([HOSTILE]),
    );
    expect(JSON.parse(step.request.body).template_error).toContain("not valid JSON");
  });

  test("a good one has no note", () =>
    expect(answered(templateTarget("{{ status }}")).outcome).not.toHaveProperty("note"));
});

describe("alert text stays where the template put it", () => {
  const strange = fc.oneof(
    fc.constantFrom(...HOSTILE_TEXTS),
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ maxLength: 40 }),
  );

  test("in JSON, for any text", () => {
    const target = templateTarget(
      '{"q":"{{ commonAnnotations.x }}","j":{{ commonAnnotations.x | json }},"end":1}',
      {},
      "application/json",
    );
    fc.assert(
      fc.property(strange, (text) => {
        const { body } = stepFor(target, notificationOf([alertOf({ annotations: { x: text } })])).request;
        const made = JSON.parse(body) as Record<string, unknown>;
        expect(Object.keys(made)).toEqual(["q", "j", "end"]);
        expect(made.j).toBe(made.q);
      }),
    );
  });

  test("in HTML and XML", () => {
    const html = stepFor(
      templateTarget("<p>{{ commonAnnotations.summary }}</p>", {}, "text/html"),
      notificationOf([HOSTILE]),
    ).request.body;
    expect(html.slice(3, -4)).not.toMatch(/[<>]/);
  });

  test("in a form", () => {
    const { body } = stepFor(
      templateTarget("text={{ commonAnnotations.summary }}&x=1", {}, "application/x-www-form-urlencoded"),
      notificationOf([HOSTILE]),
    ).request;
    expect([...new URLSearchParams(body).keys()]).toEqual(["text", "x"]);
  });

  test("and neither pings nor links in Slack, Discord, Teams or Telegram", () => {
    const source = '{"text":"{{ commonAnnotations.summary }}","content":{{ commonAnnotations.summary | json }}}';
    const hostile = alertOf({
      annotations: { summary: "@everyone <!here> <b>x</b> @somebody [free](https://evil.example/)" },
    });
    const bodyFor = (over: Partial<Target>): string =>
      stepFor(templateTarget(source, over, "application/json"), notificationOf([hostile])).request.body;
    expect(bodyFor({ type: "slack" })).not.toMatch(/<[!@#]/);
    const discord = bodyFor({ type: "discord", url: `https://discord.example${DISCORD_PATH}` });
    expect(JSON.parse(discord)).toMatchObject({ allowed_mentions: { parse: [] } });
    expect(discord).not.toMatch(/@everyone|(?<!\\\\)\[free/);
    expect(bodyFor({ type: "teams" })).not.toContain("](");
    expect(
      bodyFor({ type: "telegram", options: { channel: "-1" }, credentials: { botToken: TELEGRAM_TOKEN } }),
    ).not.toMatch(/@somebody|<b>/);
  });

  test("but an address stays an address", () => {
    const url = "https://prometheus.example.com/graph?g0.expr=node_load1&x=a_b*";
    const source = '{"url":"{{ alerts[0].generatorURL | safeUrl }}","text":"{{ alerts[0].labels.job }}"}';
    const over: Partial<Target> = { type: "discord", url: `https://discord.example${DISCORD_PATH}` };
    const step = stepFor(
      templateTarget(source, over, "application/json"),
      notificationOf([alertOf({ generatorURL: url, labels: { job: "a_b" } })]),
    );
    expect(JSON.parse(step.request.body)).toMatchObject({ url: url.replace("*", "%2A"), text: "a\\_b" });
  });
});
