import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Labels } from "../../../../src/core/alert/alert.ts";
import type { Notification, NotificationAlert } from "../../../../src/core/publish/notification.ts";
import { templateData } from "../../../../src/core/publish/template-data.ts";
import { renderTemplate } from "../../../../src/core/publish/template-engine.ts";
import { translateGoTemplate } from "../../../../src/core/route/config/go-template.ts";
import { LiquidText, writeLiquidJson } from "../../../../src/core/route/config/liquid-json.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const PLAIN = { quote: (text: string) => text, jsonText: null };

const alert = (status: "firing" | "resolved", labels: Labels, annotations: Labels = {}): NotificationAlert => ({
  fingerprint: "0123456789abcdef",
  status,
  labels,
  annotations,
  startsAt: NOW,
  endsAt: null,
  generatorURL: "http://prometheus/graph",
  severity: "critical",
  classification: null,
});
const NOTIFICATION: Notification = {
  id: "n",
  kind: "alerts",
  status: "firing",
  reason: "firstNotification",
  groupKey: "{}:{}",
  groupLabels: { alertname: "HighCPU", zone: "eu" },
  commonLabels: { alertname: "HighCPU", team: "web", zone: "eu" },
  commonAnnotations: { summary: "hot" },
  routeLabels: {},
  receiver: "team",
  alerts: [
    alert("firing", { alertname: "HighCPU", instance: "a:9100" }, { summary: "first" }),
    alert("firing", { alertname: "HighCPU", instance: "b:9100" }),
    alert("resolved", { alertname: "HighCPU", instance: "c:9100" }),
  ],
  truncatedAlerts: 0,
  publicUrl: "https://alerts.example",
  enrichmentMode: "enriched",
  replay: false,
  at: NOW,
};

const liquidOf = (source: string): string => {
  const translated = translateGoTemplate(source);
  if (!translated.ok) throw new Error(`${source} ${translated.error}`);
  return translated.value.map(({ text }) => text).join("");
};
const render = (source: string, notification = NOTIFICATION): string => {
  // A frame, since the engine refuses an empty result.
  const made = renderTemplate(`<${liquidOf(source)}>`, templateData(notification), PLAIN, NOW);
  if (!made.ok) throw new Error(`${liquidOf(source)}: ${made.error.message}`);
  return made.value.slice(1, -1);
};

describe("a Go template says the same in Liquid", () => {
  it.each([
    ["plain text", "Alert!", "Alert!"],
    ["a field", "{{ .Status }}", "firing"],
    ["a label", "{{ .CommonLabels.alertname }} in {{.CommonLabels.zone}}", "HighCPU in eu"],
    ["a label that is missing", "[{{ .CommonLabels.nope }}]", "[]"],
    ["the root by its name", "{{ $.Status }}", "firing"],
    ["a pipe", "{{ .Status | toUpper }}", "FIRING"],
    ["a function before its argument", "{{ toUpper .Status }}", "FIRING"],
    ["a count", "{{ .Alerts.Firing | len }} of {{ len .Alerts }}", "2 of 3"],
    ["a join", '{{ .GroupLabels.SortedPairs.Values | join " / " }}', "HighCPU / eu"],
    ["names of labels", '{{ .CommonLabels.Names | join "," }}', "alertname,team,zone"],
    ["without some labels", '{{ (.CommonLabels.Remove (stringSlice "zone" "team")).Names | join "," }}', "alertname"],
    ["a condition", '{{ if eq .Status "firing" }}on{{ else }}off{{ end }}', "on"],
    ["a chain of conditions", '{{ if eq .Status "x" }}1{{ else if ne .Status "firing" }}2{{ else }}3{{ end }}', "3"],
    ["one of several", '{{ if eq .Status "resolved" "firing" }}yes{{ end }}', "yes"],
    ["what is empty is false", "{{ if .CommonAnnotations.nope }}a{{ else }}b{{ end }}", "b"],
    ["what is there is true", "{{ if .CommonAnnotations.summary }}a{{ end }}", "a"],
    ["nothing is false", "{{ if .TruncatedAlerts }}a{{ else }}b{{ end }}", "b"],
    ["a number", "{{ if gt (len .Alerts.Firing) 1 }}many{{ end }}", "many"],
    ["a number by pipe", "{{ if .Alerts.Resolved | len }}some{{ end }}", "some"],
    ["and", '{{ if and (eq .Status "firing") .CommonLabels.team }}both{{ end }}', "both"],
    ["or", '{{ if or (eq .Status "resolved") .CommonLabels.nope }}one{{ else }}none{{ end }}', "none"],
    ["not", "{{ if not .CommonLabels.nope }}none{{ end }}", "none"],
    ["not a comparison", '{{ if not (eq .Status "resolved") }}yes{{ end }}', "yes"],
    ["compared with nothing", '{{ if eq .CommonLabels.nope "" }}empty{{ end }}', "empty"],
    ["a match", '{{ if match "^High" .CommonLabels.alertname }}high{{ end }}', "high"],
    ["a loop", "{{ range .Alerts.Firing }}{{ .Labels.instance }};{{ end }}", "a:9100;b:9100;"],
    [
      "the root inside a loop",
      "{{ range .Alerts }}{{ $.Status }}/{{ .Status }} {{ end }}",
      "firing/firing firing/firing firing/resolved ",
    ],
    [
      "a loop with a condition",
      "{{ range .Alerts }}{{ if .Annotations.summary }}{{ .Annotations.summary }}{{ end }}{{ end }}",
      "first",
    ],
    [
      "a loop over labels",
      "{{ range $k, $v := .CommonLabels }}{{ $k }}={{ $v }} {{ end }}",
      "alertname=HighCPU team=web zone=eu ",
    ],
    [
      "a loop over pairs",
      "{{ range .GroupLabels.SortedPairs }}{{ .Name }}:{{ .Value }} {{ end }}",
      "alertname:HighCPU zone:eu ",
    ],
    [
      "a loop that counts",
      "{{ range $i, $a := .Alerts }}{{ $i }}{{ $a.Labels.instance }} {{ end }}",
      "0a:9100 1b:9100 2c:9100 ",
    ],
    [
      "loops inside loops",
      "{{ range .Alerts.Firing }}{{ range .Labels.SortedPairs }}{{ .Value }},{{ end }};{{ end }}",
      "HighCPU,a:9100,;HighCPU,b:9100,;",
    ],
    ["an empty loop", "{{ range .RouteLabels.Names }}x{{ else }}nothing{{ end }}", "nothing"],
    ["with", "{{ with .CommonAnnotations.summary }}({{ . }}){{ end }}", "(hot)"],
    ["with nothing", "{{ with .CommonAnnotations.nope }}x{{ else }}none{{ end }}", "none"],
    ["a variable", "{{ $n := .CommonLabels.alertname }}{{ $n | toLower }}", "highcpu"],
    ["an index", '{{ index .CommonLabels "alertname" }}', "HighCPU"],
    ["the first alert", "{{ (index .Alerts 0).Labels.instance }}", "a:9100"],
    ["a replacement", '{{ reReplaceAll "(.*):.*" "$1" "host:9100" }}', "host"],
    ["a replacement by pipe", '{{ .CommonLabels.alertname | reReplaceAll "High" "Low" }}', "LowCPU"],
    ["a time", '{{ (index .Alerts 0).StartsAt.Format "2006-01-02 15:04" }}', "2026-01-01 12:00"],
    ["a time of another place", '{{ ((index .Alerts 0).StartsAt.Add 28800e9).Format "02 15:04" }}', "01 20:00"],
    ["without the labels of the group", '{{ (.CommonLabels.Remove .GroupLabels.Names).Names | join "," }}', "team"],
    ["a condition in parentheses", '{{ if (eq .Status "firing") }}on{{ end }}', "on"],
    [
      "what comes first is zero",
      "{{ range $i, $a := .Alerts }}{{ if $i }}, {{ end }}{{ .Status }}{{ end }}",
      "firing, firing, resolved",
    ],
    ["text for an address", '{{ "a b&c" | urlquery }}', "a+b%26c"],
    [
      "a form",
      '{{ printf "%s: %d of %v, 100 %%" .Status (len .Alerts.Firing) (len .Alerts) }}',
      "firing: 2 of 3, 100 %",
    ],
    ["a form by pipe", '{{ .Status | printf "<%s>" }}', "<firing>"],
    [
      "the title with what is not in the group",
      '{{ .CommonLabels.alertname }}\n{{- if gt (len .CommonLabels) (len .GroupLabels) -}}\n  {{" "}}(\n' +
        "  {{- with .CommonLabels.Remove .GroupLabels.Names }}\n    {{- range $index, $label := .SortedPairs -}}\n" +
        '      {{ if $index }}, {{ end }}\n      {{- $label.Name }}="{{ $label.Value -}}"\n' +
        "    {{- end }}\n  {{- end -}}\n  )\n{{- end }}",
      'HighCPU (team="web")',
    ],
    ["trimmed blanks", "a  {{- .Status -}}\n  b", "afiringb"],
    ["a comment", "a{{/* not shown */}}b", "ab"],
    ["a string with quotes", '{{ "say \\"hi\\"" }}', 'say "hi"'],
    ["a raw string", "{{ `a\\b` }}", "a\\b"],
    ["what Liquid would take for a tag", "100 {% of %} it", "100 {% of %} it"],
    [
      "the usual title",
      '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .CommonLabels.alertname }}',
      "[FIRING:2] HighCPU",
    ],
    [
      "a text as people share them",
      "{{ range .Alerts -}}\n*Alert:* {{ .Labels.alertname }}{{ if .Labels.severity }} - `{{ .Labels.severity }}`{{ end }}\n" +
        "{{ range .Labels.SortedPairs }} • *{{ .Name }}:* `{{ .Value }}`\n{{ end }}{{ end }}",
      ["a", "b", "c"]
        .map((host) => `*Alert:* HighCPU\n • *alertname:* \`HighCPU\`\n • *instance:* \`${host}:9100\`\n`)
        .join(""),
    ],
  ])("%s", (_, source, want) => {
    expect(render(source)).toBe(want);
  });
});

describe("what has no simple counterpart is refused with its reason", () => {
  it.each([
    ['{{ template "my.text" . }}', "uses template"],
    ['{{ define "x" }}{{ end }}', "uses define"],
    ['{{ printf "%q" .Status }}', "uses printf"],
    ['{{ printf "%s" }}', "uses printf"],
    ["{{ .Nope }}", "uses .Nope"],
    ["{{ range .Alerts }}{{ .Nope }}{{ end }}", "uses .Nope"],
    ["{{ $x }}", "uses the variable $x"],
    ["{{ . }}", "uses the whole data"],
    ["{{ .Status", "has an action without an end"],
    ["{{ if .Status }}", "has a block without an end"],
    ["{{ end }}", "has an end without a beginning"],
    ["{{ if .Status }}a{{ else }}b{{ else }}c{{ end }}", "has a second else"],
    ["{{ (.Status }}", "has a parenthesis that is not closed"],
    ["{{ .Status | }}", "has an empty action"],
    ["{{ if and (or .Status .Receiver) .GroupKey }}x{{ end }}", "nests and"],
    ["{{ .Status ! }}", 'holds "!'],
    ['{{ "\\q" }}', "holds an escape that is none"],
    ["{{ range .Alerts }}{{ break }}{{ end }}", "uses break"],
    [`${"{{ if .Status }}".repeat(30)}`, "is nested too deeply"],
    ["x".repeat(20_001), "has more than 20000 characters"],
  ])("%s", (source, reason) => {
    const translated = translateGoTemplate(source);
    expect(translated.ok ? "translated" : translated.error).toContain(reason);
  });

  it("never throws, whatever the text", () => {
    const piece = fc.constantFrom(
      ...["{{", "}}", " ", ".Status", "range", "if", "end", "else", "with", "$x", ":=", "|", "(", ")", '"a"', "`", "-"],
      ...[".Alerts", "len", "eq", "index", "0", ",", "toUpper", "/*", "*/", "{%", "and", "not", ".Labels.a"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const translated = translateGoTemplate(pieces.join(" "));
        if (translated.ok) renderTemplate(`x${liquidOf(pieces.join(" "))}`, templateData(NOTIFICATION), PLAIN, NOW);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("in a JSON body", () => {
  it("text stays text and Liquid stays Liquid", () => {
    const translated = translateGoTemplate('say "hi"\n{{ .CommonLabels.alertname | reReplaceAll "\\\\d" "#" }}');
    if (!translated.ok) throw new Error(translated.error);
    const source = writeLiquidJson({ text: new LiquidText(translated.value), list: [1, null, true], 'k"': "plain" });
    const escaping = { quote: (text: string) => JSON.stringify(text).slice(1, -1), jsonText: null };
    const made = renderTemplate(source, templateData(NOTIFICATION), escaping, NOW);
    expect(made.ok && JSON.parse(made.value)).toEqual({
      text: 'say "hi"\nHighCPU',
      list: [1, null, true],
      'k"': "plain",
    });
  });
});
