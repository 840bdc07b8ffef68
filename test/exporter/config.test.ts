import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Config, readConfig, VARIABLES } from "../../src/exporter/config.ts";

const TOKEN = "0123456789abcdef";
const read = (env: Record<string, string>): Config => {
  const config = readConfig({ EXPORTER_TOKEN: TOKEN, ...env });
  if (!config.ok) throw new Error(config.error.join("; "));
  return config.value;
};
const directory = mkdtempSync(join(tmpdir(), "exporter-config-"));

test("a token is all it needs", () => {
  const config = read({});
  expect(config).toMatchObject({
    cluster: "default",
    directory: null,
    namespaces: ["default"],
    host: null,
    port: 8080,
    relistMs: 600_000,
    nudge: null,
    addresses: { allowHttpHosts: [], allowPrivate: false, allowPorts: [] },
    logLevel: "info",
    shutdownDelayMs: 5000,
  });
  expect(config.selectors.map(({ text }) => text)).toEqual(["alert-history.io/publish-target=true"]);
  expect(config.tokens()).toEqual([TOKEN]);
});

test("a directory is read whole, and offered to this machine alone", () => {
  expect(read({ SECRETS_DIR: directory })).toMatchObject({
    directory,
    namespaces: null,
    host: "127.0.0.1",
    shutdownDelayMs: 0,
  });
});

describe("lists", () => {
  test.each([
    ['["a=b","c in (d,e)"]', ["a=b", "c in (d,e)"]],
    ["a=b;c in (d,e)", ["a=b", "c in (d,e)"]],
    ["a=b,c=d", ["a=b,c=d"]],
  ])("selectors %s", (text, wanted) => {
    expect(read({ TARGET_LABEL_SELECTORS: text }).selectors.map((selector) => selector.text)).toEqual(wanted);
  });
  test.each([
    ["one", ["one"]],
    ["one, two,one", ["one", "two"]],
    ['["one"]', ["one"]],
    ["*", null],
  ])("namespaces %s", (text, wanted) => {
    expect(read({ TARGET_NAMESPACES: text }).namespaces).toEqual(wanted);
  });
  test("addresses", () => {
    expect(
      read({
        ALLOW_HTTP_TARGETS: "a.example, b.example:8080",
        ALLOW_TARGET_PORTS: "9093",
        ALLOW_PRIVATE_TARGETS: "true",
      }).addresses,
    ).toEqual({
      allowHttpHosts: ["a.example", "b.example:8080"],
      allowPrivate: true,
      allowPorts: [9093],
    });
    expect(read({ ALLOW_HTTP_TARGETS: "true", ALLOW_TARGET_PORTS: "true" }).addresses).toMatchObject({
      allowHttpHosts: true,
      allowPorts: true,
    });
    expect(read({ ALLOW_HTTP_TARGETS: "false" }).addresses).toMatchObject({ allowHttpHosts: [] });
  });
});

test("tokens in a file are read again, and survive its absence", () => {
  const path = join(directory, "token");
  writeFileSync(path, `${TOKEN}\n`);
  const { tokens } = read({ EXPORTER_TOKEN: "", EXPORTER_TOKEN_FILE: path });
  expect(tokens()).toEqual([TOKEN]);
  writeFileSync(path, `${TOKEN}-new ${TOKEN}`);
  expect(tokens()).toEqual([`${TOKEN}-new`, TOKEN]);
});

test("everything wrong is told at once, by name, without a value", () => {
  const config = readConfig({
    CLUSTER: "C4N4RY_x",
    SECRETS_DIR: "/c4n4ry",
    TARGET_LABEL_SELECTORS: "!c4n4ry",
    TARGET_NAMESPACES: "*,c4n4ry",
    PORT: "c4n4ry",
    EXPORTER_TOKEN: "c4n4ry",
    RELIST_SECONDS: "c4n4ry",
    NUDGE_URL: "ftp://c4n4ry",
    ALLOW_PRIVATE_TARGETS: "c4n4ry",
    ALLOW_TARGET_PORTS: "c4n4ry",
    LOG_LEVEL: "c4n4ry",
    SHUTDOWN_DELAY_SECONDS: "-1",
  });
  const errors = config.ok ? [] : config.error;
  expect(errors.join("\n").toLowerCase()).not.toContain("c4n4ry");
  const told = new Set(errors.map((error) => error.split(" ")[0]));
  expect(told).toEqual(
    new Set([
      ...["CLUSTER", "SECRETS_DIR", "TARGET_LABEL_SELECTORS", "TARGET_NAMESPACES", "PORT", "EXPORTER_TOKEN"],
      ...["RELIST_SECONDS", "NUDGE_URL", "NUDGE_TOKEN", "ALLOW_PRIVATE_TARGETS", "ALLOW_TARGET_PORTS", "LOG_LEVEL"],
      "SHUTDOWN_DELAY_SECONDS",
    ]),
  );
});

test.each<[string, Record<string, string>, string]>([
  ["no token", { EXPORTER_TOKEN: "" }, "EXPORTER_TOKEN holds no token"],
  ["a token twice", { EXPORTER_TOKEN_FILE: "/x" }, "EXPORTER_TOKEN and EXPORTER_TOKEN_FILE exclude each other"],
  [
    "a token file that is not there",
    { EXPORTER_TOKEN: "", EXPORTER_TOKEN_FILE: "/nowhere" },
    "EXPORTER_TOKEN_FILE holds no token",
  ],
  ["a nudge without a token", { NUDGE_URL: "https://a.example" }, "NUDGE_TOKEN holds no token"],
  ["a nudge token without a nudge", { NUDGE_TOKEN: TOKEN }, "NUDGE_TOKEN is of no use without NUDGE_URL"],
  ["no array of selectors", { TARGET_LABEL_SELECTORS: "[1]" }, "TARGET_LABEL_SELECTORS is no JSON array of text"],
  [
    "a namespace that is none",
    { TARGET_NAMESPACES: "A_b" },
    "TARGET_NAMESPACES must be names of namespaces, or * alone",
  ],
])("%s", (_sentence, env, error) => {
  expect(readConfig({ EXPORTER_TOKEN: TOKEN, ...env })).toEqual({ ok: false, error: [error] });
});

test("docs/exporter.md explains every variable", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/exporter.md"), "utf8");
  expect(VARIABLES.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
