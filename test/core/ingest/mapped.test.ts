import { describe, expect, it } from "vitest";
import { mapBody } from "../../../src/core/ingest/mapped.ts";
import { createBudget } from "../../../src/core/ingest/source-limits.ts";
import { compileMap, mapSchema } from "../../../src/core/ingest/source-map.ts";

const compile = (definition: unknown) => compileMap(mapSchema.parse(definition));

const map = (definition: unknown, body: unknown) => {
  const compiled = compile(definition);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return mapBody(compiled.value, body, createBudget());
};

const first = (definition: unknown, body: unknown) => {
  const entries = map(definition, body);
  if (!entries.ok) throw new Error(entries.error.message);
  return entries.value[0]?.read();
};

const labels = (definition: unknown, body: unknown) => {
  const raw = first(definition, body);
  return raw?.ok ? raw.value.labels : raw?.error.message;
};

describe("where the alerts are", () => {
  const two = [{ n: "a" }, { n: "b" }];
  it.each<[sentence: string, alerts: string | undefined, body: unknown, pointers: readonly string[]]>([
    ["a body is one alert", undefined, { n: "a" }, [""]],
    ["a body that is a list is its elements", undefined, two, ["/0", "/1"]],
    ["a pointer to a list", "/data/alerts", { data: { alerts: two } }, ["/data/alerts/0", "/data/alerts/1"]],
    ["a pointer to one alert", "/data", { data: { n: "a" } }, ["/data"]],
    ["a path to a list", "$.items", { items: two }, ["/items/0", "/items/1"]],
    ["a path to its elements", "$.items[*]", { items: two }, ["/items/0", "/items/1"]],
    [
      "several lists become one",
      "$.groups[*].alerts",
      { groups: [{ alerts: two }, { alerts: two }] },
      ["/groups/0/alerts/0", "/groups/0/alerts/1", "/groups/1/alerts/0", "/groups/1/alerts/1"],
    ],
    ["a filter leaves out what is none", "$.items[?@.n == 'b']", { items: two }, ["/items/1"]],
    ["an empty list has no alerts", "/items", { items: [] }, []],
    ["a path that finds nothing has no alerts", "$.nothing", {}, []],
  ])("%s", (_, alerts, body, pointers) => {
    const entries = map({ ...(alerts !== undefined && { alerts }), labels: { alertname: "/n" } }, body);
    expect(entries.ok && entries.value.map((entry) => entry.path)).toEqual(pointers);
  });

  it("a pointer to nothing is a defect of the body: the sender is not the one the map is for", () => {
    expect(map({ alerts: "/items", labels: { a: "/n" } }, {})).toEqual({
      ok: false,
      error: { path: "", message: "there is nothing at /items" },
    });
  });

  it("more alerts than a body may hold are refused as a whole", () => {
    const body = Array.from({ length: 1001 }, () => ({ n: "a" }));
    expect(map({ labels: { a: "/n" } }, body)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("1000") },
    });
  });
});

describe("expressions", () => {
  const body = {
    env: "PROD",
    alerts: [
      { title: "Disk", port: 443, on: true, off: false, none: null, empty: "", tags: ["a", "b"], deep: { x: 1 } },
    ],
  };
  it.each<[sentence: string, expression: unknown, expected: string | undefined]>([
    ["a JSON Pointer starts at the alert", "/title", "Disk"],
    ["a JSONPath starts at the alert", "$.title", "Disk"],
    ["several finds are joined with commas", "$.tags[*]", "a,b"],
    ["a list of scalars is joined too", "/tags", "a,b"],
    ["a template sees alert and body", "{{ alert.title }} in {{ body.env | downcase }}", "Disk in prod"],
    ["a path may start at the body", { path: "/env", from: "body" }, "PROD"],
    ["any other text stands for itself", "payments", "payments"],
    ["a text that looks like a path is written as a value", { value: "/srv" }, "/srv"],
    ["numbers and booleans are texts", "/port", "443"],
    ["false is a text, not nothing", "/off", "false"],
    ["null is nothing", "/none", undefined],
    ["an empty text is nothing", "/empty", undefined],
    ["what is not there is nothing", "/missing/deeper", undefined],
    ["an inherited member is not there", "/title/length", undefined],
    ["a default stands for nothing", { path: "/none", default: "unknown" }, "unknown"],
    [
      "values translate without regard to case",
      { path: "/env", from: "body", values: { prod: "production" } },
      "production",
    ],
    ["numbers are looked up as texts", { path: "/port", values: { 443: "https" } }, "https"],
    ["what is not among the values stays", { path: "/title", values: { x: "y" } }, "Disk"],
    ["or becomes the default", { path: "/title", values: { x: "y" }, default: "z" }, "z"],
    ["a template may be translated too", { template: "{{ alert.port | plus: 1 }}", values: { 444: "other" } }, "other"],
    ["a name of inherited members is no value", { path: "/title", values: {}, default: "d" }, "d"],
  ])("%s", (_, expression, expected) => {
    expect(labels({ alerts: "/alerts", labels: { keep: "x", it: expression } }, body)).toEqual({
      keep: "x",
      ...(expected !== undefined && { it: expected }),
    });
  });

  it("a label that is no text keeps the alert out, an annotation is shown as JSON", () => {
    expect(labels({ alerts: "/alerts", labels: { it: "/deep" } }, body)).toBe(
      "the label it is no text, number or boolean",
    );
    const raw = first({ alerts: "/alerts", labels: { a: "b" }, annotations: { it: "/deep" } }, body);
    expect(raw?.ok && raw.value.annotations).toEqual({ it: '{"x":1}' });
  });

  it("a bad alert does not affect its neighbours", () => {
    const entries = map({ labels: { a: "/a" } }, [{ a: 1 }, { a: {} }, { a: 3 }]);
    expect(
      entries.ok && entries.value.map(({ read }) => read()).map((raw) => (raw.ok ? raw.value.labels : raw.error)),
    ).toEqual([{ a: "1" }, { path: "/1", message: "the label a is no text, number or boolean" }, { a: "3" }]);
  });
});

describe("many labels at once", () => {
  it.each<[sentence: string, block: Record<string, unknown>, found: unknown, expected: unknown]>([
    [
      "the scalars of an object",
      { prefix: "res_" },
      { zone: "a", n: 1, list: [[]], o: {}, no: null },
      { res_zone: "a", res_n: "1" },
    ],
    ["pairs in one text", {}, "env:prod, host:a:9100 ,monitor", { env: "prod", host: "a:9100", monitor: "true" }],
    ["pairs with other signs", { separator: ";", assign: "=" }, "a=1;b=x,y", { a: "1", b: "x,y" }],
    ["a list of pairs", {}, ["env:prod", "plain"], { env: "prod", plain: "true" }],
    ["a list of lists", {}, [["env", "prod"], ["odd"], ["n", 1]], { env: "prod", n: "1" }],
    [
      "a list of objects",
      { key: "tag" },
      [{ tag: "scope", value: "x" }, { value: "y" }, "a:b"],
      { scope: "x", a: "b" },
    ],
    ["only the wanted ones", { only: ["a"] }, { a: "1", b: "2" }, { a: "1" }],
    ["all but some", { except: ["a"] }, { a: "1", b: "2" }, { b: "2" }],
    ["nothing where there is nothing", {}, undefined, {}],
    ["nothing of a number", {}, 5, {}],
    ["pairs without a name are none", {}, ":x,,", {}],
    ["names of inherited members are names", {}, { constructor: "x" }, { constructor: "x" }],
  ])("%s", (_, block, found, expected) => {
    expect(labels({ labels_from: [{ path: "/it", ...block }] }, { it: found })).toEqual(expected);
  });

  it("a label of its own wins over a copied one, a later block over an earlier", () => {
    const definition = { labels: { a: "own" }, labels_from: [{ path: "/x" }, { path: "/y" }] };
    expect(labels(definition, { x: { a: "x", b: "x" }, y: { b: "y" } })).toEqual({ a: "own", b: "y" });
  });

  it("too many labels keep the alert out, too many annotations are cut", () => {
    const it = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`k${index}`, "v"]));
    expect(labels({ labels_from: [{ path: "/it" }] }, { it })).toBe("labels_from: there are more than 256 of them");
    const raw = first({ labels: { a: "b" }, annotations_from: [{ path: "/it" }] }, { it });
    expect(raw?.ok && raw.value.annotations).toEqual({ annotations_from: "there are more than 256 of them" });
  });
});

describe("status and times", () => {
  const definition = {
    labels: { a: "b" },
    status: { path: "/s", values: { up: "resolved", down: "firing" } },
    starts_at: "/from",
    ends_at: "/to",
    expires_at: "{{ alert.from | plus: 60 }}",
    generator_url: "/url",
  };
  it.each([
    [
      "an end belongs to a resolved alert",
      { s: "UP", from: 100, to: 200 },
      { status: "resolved", startsAt: 100, endsAt: 200 },
    ],
    ["a firing alert has an expiry instead", { s: "down", from: 100, to: 200 }, { status: "firing", endsAt: "160" }],
    ["an unknown word is left to be judged", { s: "odd", to: 200 }, { status: "odd", endsAt: 200 }],
    ["what is not there is not there", {}, { status: undefined, startsAt: undefined, generatorURL: undefined }],
    ["the address is as it was found", { url: "https://x" }, { generatorURL: "https://x" }],
  ])("%s", (_, body, expected) => {
    expect(first(definition, body)).toMatchObject({ ok: true, value: expected });
  });
});

describe("JSON inside a text", () => {
  const definition = {
    parse_json: ["/m", "/m/inner"],
    alerts: "/m",
    labels: { a: "/a" },
    labels_from: [{ path: "/inner" }],
  };
  it("is unpacked in order before anything is read", () => {
    const inner = JSON.stringify({ b: "2" });
    expect(labels(definition, { m: JSON.stringify({ a: "1", inner }) })).toEqual({ a: "1", b: "2" });
  });
  it("stays a text where it is none", () => {
    expect(labels({ ...definition, labels_from: [], labels: { a: "/m" }, alerts: "" }, { m: "{oops" })).toEqual({
      a: "{oops",
    });
  });
  it("does not change the body that was passed in", () => {
    const body = { m: '{"a":1}', __proto__: null };
    map(definition, body);
    expect(body.m).toBe('{"a":1}');
  });
  it("is refused when it is nested too deep or too long", () => {
    expect(map(definition, { m: "[".repeat(70) + "]".repeat(70) })).toMatchObject({ ok: false });
    expect(map(definition, { m: `"${"x".repeat(262_144)}"` })).toMatchObject({ ok: false });
  });
});

describe("defects of a map", () => {
  it("are all told, with their places", () => {
    const compiled = compile({
      parse_json: ["m"],
      alerts: "items",
      labels: { "a/b": "$.[", c: { template: "{% for %}" }, d: { path: "x" }, e: "{{ x | nope }}" },
      annotations_from: [{ path: "x" }],
      status: { path: "/s", values: { UP: "resolved", up: "firing" } },
      starts_at: "/a~2",
    });
    expect(compiled.ok ? [] : compiled.error.map((defect) => defect.path)).toEqual([
      "/alerts",
      "/parse_json/0",
      "/labels/a~1b",
      "/labels/c/template",
      "/labels/d/path",
      "/labels/e",
      "/annotations_from/0/path",
      "/status/values",
      "/starts_at",
    ]);
  });

  it("a map without labels, or with too many expressions, is none", () => {
    expect(compile({ status: "firing" })).toMatchObject({ ok: false });
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`l${index}`, "x"]));
    expect(compile({ labels: many })).toMatchObject({ ok: false });
  });
});
