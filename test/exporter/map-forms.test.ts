import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mapSecret } from "../../src/exporter/map.ts";
import { readSecret } from "../../src/exporter/secret.ts";
import { base64, defect, HOOK, json, map, options, secret } from "./mapping.ts";

describe("the three forms", () => {
  const definition = { name: "a", url: HOOK, headers: { "X-A": "1" }, filter_config: { severity: ["critical"] } };
  const wanted = { name: "a", url: HOOK, headers: { "X-A": "1" }, filter: { severity: ["critical"] } };

  test.each([
    ["config", { config: json(definition) }],
    ["config in base64 once more", { config: base64(json(definition)) }],
    ["target.json", { "target.json": json(definition) }],
    ["target.json in base64 once more", { "target.json": `${base64(json(definition))}\n` }],
  ])("%s", (_form, data) => {
    const { target, warnings } = map(data);
    expect(target).toMatchObject(wanted);
    expect(warnings).toEqual([]);
  });

  test("config is the base, target.json fills its gaps, flat keys those of both", () => {
    const { target, warnings } = map({
      config: json({ name: "from-config", headers: { "X-A": "config" } }),
      "target.json": json({ name: "from-json", url: HOOK, headers: { "x-a": "json", "X-B": "json" } }),
      "header-X-B": "flat",
      "header-X-C": "flat",
      priority: "3",
    });
    expect(target).toMatchObject({
      name: "from-config",
      url: HOOK,
      priority: 3,
      headers: { "X-A": "config", "X-B": "json", "X-C": "flat" },
    });
    expect(warnings).toEqual([
      "name of target.json differs and is ignored",
      "headers of target.json differs and is ignored",
      "headers of the flat keys differs and is ignored",
    ]);
  });

  test("what two forms state alike is no conflict", () => {
    expect(
      map({ config: json({ url: HOOK, enabled: true, priority: 5 }), enabled: "true", priority: "5" }).warnings,
    ).toEqual([]);
  });

  test("the base's credential is not overruled by one of higher precedence in another form", () => {
    const { target, warnings } = map({ config: json({ url: HOOK, token: "base" }), "auth-header": "Custom flat" });
    expect(target.headers).toEqual({ Authorization: "Token base" });
    expect(warnings).toEqual(["auth_header of the flat keys differs and is ignored"]);
  });

  test("a user name in one form and the password in another belong together", () => {
    expect(map({ config: json({ url: HOOK, username: "u" }), password: "p" }).target.headers).toEqual({
      Authorization: "Basic dTpw",
    });
  });

  test("two keys for one field: the plain one wins, whatever their order", () => {
    for (const data of [
      { "webhook-url": "https://b.example.com/", url: HOOK },
      { url: HOOK, "webhook-url": "https://b.example.com/" },
    ]) {
      const { target, warnings } = map(data);
      expect([target.url, warnings]).toEqual([HOOK, ["url of the flat keys differs and is ignored"]]);
    }
  });

  test("a key nobody knows is told", () => {
    expect(map({ url: HOOK, "sned-resolved": "no", "filter-severities": "x" }).warnings).toEqual([
      "the unknown key filter_severities is ignored",
      "the unknown key sned_resolved is ignored",
    ]);
    expect(map({ config: json({ url: HOOK, filter_config: { severities: [] } }) }).warnings).toEqual([
      "the unknown key filter_config.severities is ignored",
    ]);
  });
});

describe("what a Secret alone can have wrong", () => {
  test.each<[string, string, Record<string, string>]>([
    ["config that is no JSON", "invalid_json", { config: "c4n4ry" }],
    ["config that is a list", "invalid_json", { config: '["c4n4ry"]' }],
    ["config that is base64 of no object", "invalid_json", { config: base64('"c4n4ry"') }],
    [
      "target.json that is broken, though config is not",
      "invalid_json",
      { config: json({ url: HOOK }), "target.json": '{"c4n4ry"' },
    ],
    ["metadata that is broken", "invalid_json", { url: HOOK, metadata: '{"c4n4ry"' }],
    ["headers that are neither", "invalid_headers", { url: HOOK, headers: "c4n4ry" }],
    ["headers of which a part is none", "invalid_headers", { url: HOOK, headers: "A=b,c4n4ry" }],
    ["headers that are broken JSON", "invalid_headers", { url: HOOK, headers: '{"c4n4ry"' }],
    ["more than 64 KiB", "too_large", { url: HOOK, other: "c4n4ry".repeat(11_000) }],
    ["nothing at all", "missing_url", {}],
  ])("%s: %s", (_sentence, reason, data) => {
    const found = defect(data);
    expect(found.reason).toBe(reason);
    expect(found.detail).not.toContain("c4n4ry");
  });

  test("bytes that are no text", () => {
    const data = { url: base64(HOOK), token: Buffer.from([0xff, 0xfe, 0x00]).toString("base64") };
    const read = readSecret({ metadata: { name: "a" }, data }, "default");
    expect(read && mapSecret(read, options)).toEqual({
      ok: false,
      error: { reason: "invalid_value", detail: "token is no UTF-8 text" },
    });
  });
});

test("whatever is in a Secret, it is a target or a reason, and no value gets into a message", () => {
  const key = fc.oneof(
    fc.constantFrom("config", "target.json", "url", "headers", "metadata", "token", "name", "__proto__", "constructor"),
    fc.stringMatching(/^[-._a-zA-Z0-9]{1,12}$/),
  );
  const value = fc.oneof(fc.string(), fc.json(), fc.json().map(base64), fc.constant(HOOK));
  fc.assert(
    fc.property(fc.dictionary(key, value), fc.string({ minLength: 8 }), (data, extra) => {
      const canary = `c4n4ry${base64(extra)}`;
      const read = mapSecret(secret({ ...data, password: canary, "api-key": canary }), options);
      expect(json(read.ok ? read.value.warnings : read.error)).not.toContain("c4n4ry");
    }),
    { numRuns: 1000 },
  );
});
