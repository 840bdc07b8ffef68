import { describe, expect, it } from "vitest";
import { createBudget } from "../../../src/core/ingest/source-limits.ts";
import { compileTemplate } from "../../../src/core/ingest/source-template.ts";

const SCOPE = {
  alert: {
    title: "Disk FULL",
    host: "db-1",
    size: 3,
    tags: ["env:prod", "team:pay"],
    list: [{ name: "a" }, { name: "b" }],
    half: "x\ud800",
    nested: { deep: { value: 7 } },
  },
  body: { version: "4" },
};

const render = (text: string) => {
  const template = compileTemplate(text);
  return template.ok ? template.value.render(SCOPE, createBudget()) : template;
};

describe("templates", () => {
  it.each([
    ["{{ alert.title | downcase }} on {{ alert.host }}", "disk full on db-1"],
    ["{{ alert.nested.deep.value | plus: 1 }}", "8"],
    ["{{ alert['title'] }}", "Disk FULL"],
    ["{{ alert.tags | join: ', ' }}", "env:prod, team:pay"],
    ["{{ alert.tags[1] | split: ':' | last }}", "pay"],
    ["{{ alert.list | map: 'name' | join: '+' }}", "a+b"],
    ["{{ alert.list.size }} {{ alert.size }} {{ alert.title.size }}", "2 3 9"],
    ["{{ alert.missing.deeper }}", ""],
    ["{{ alert.missing | default: 'none' }}", "none"],
    ["{% if body.version == '4' and alert.size > 2 %}yes{% else %}no{% endif %}", "yes"],
    ["{% unless alert.tags contains 'env:prod' %}other{% endunless %}", ""],
    ["{% if alert.title contains 'FULL' %}full{% elsif true %}x{% endif %}", "full"],
    ["{% assign parts = alert.host | split: '-' %}{{ parts[1] }}", "1"],
    ["{% if not alert.missing %}none{% endif %}", "none"],
    ["{{ alert.half | url_encode }}", "x%EF%BF%BD"],
    ["{{ alert.constructor }}{{ alert.title.constructor }}{{ constructor }}{{ __proto__ }}", ""],
    ["{% comment %} not shown {% endcomment %}{{- ' x ' | strip -}} ", "x"],
  ])("%s", (text, expected) => {
    expect(render(text)).toEqual({ ok: true, value: expected });
  });
});

describe("what is refused when it is compiled", () => {
  it.each([
    ["{% for i in alert.tags %}{{ i }}{% endfor %}", 'tag "for" not found'],
    ["{% tablerow i in alert.tags %}{% endtablerow %}", "not found"],
    ["{% include 'x' %}", "not found"],
    ["{% render 'x' %}", "not found"],
    ["{% layout 'x' %}", "not found"],
    ["{% capture x %}{% endcapture %}", "not found"],
    ["{% increment x %}", "not found"],
    ["{% liquid\nfor i in alert.tags\nendfor %}", "not found"],
    ["{{ (1..1000000) | join }}", "uses a range"],
    ["{{ 'now' | date: '%s' }}", "undefined filter: date"],
    ["{{ alert.tags | sample }}", "undefined filter: sample"],
    ["{{ alert.tags | push: alert.tags }}", "undefined filter: push"],
    ["{{ alert.list | where_exp: 'x', 'x.name' }}", "undefined filter: where_exp"],
    ["{{ alert.title | sha256 }}", "undefined filter: sha256"],
    ["{{ alert.title | raw }}", "undefined filter: raw"],
    ["{{ alert.title | nosuchfilter }}", "undefined filter: nosuchfilter"],
    ["{{ alert.title ", "is no template"],
    ["{% if x %}", "is no template"],
    ["x".repeat(2_001), "at most 2000 characters"],
  ])("%s", (text, message) => {
    expect(compileTemplate(text)).toMatchObject({ ok: false, error: expect.stringContaining(message) });
  });
});
