import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, type Running, run } from "./harness.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const manifest = (name: string, more = "", labels = "alert-history.io/publish-target: 'true'"): string =>
  [
    "apiVersion: v1",
    "kind: Secret",
    `metadata: {name: ${name}, namespace: alerts, labels: {${labels}}}`,
    more || "stringData: {url: https://hook.example.com/in}",
    "",
  ].join("\n");

let directory: string;
let running: Running | null = null;
const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
const start = async (env: Record<string, string> = {}, times: Parameters<typeof run>[2] = {}): Promise<Running> => {
  running = await run({ SECRETS_DIR: directory, ...env }, undefined, times);
  await eventually(async () => expect((await (running as Running).get("/readyz")).status).toBe(200));
  return running;
};
const sees = (wanted: object) =>
  eventually(async () => expect(await (running as Running).targets()).toMatchObject(wanted));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "exporter-files-"));
});
afterEach(async () => {
  await running?.exporter.drain();
  running = null;
  rmSync(directory, { recursive: true });
});

test("Secrets of several documents, files, folders and lists are served; other kinds and unlabelled ones are not", async () => {
  const unlabelled = manifest("c4n4ry", "", "app: x");
  write(
    "a.yaml",
    [manifest("one", `data: {url: ${base64("https://hook.example.com/1")}}`), unlabelled, "kind: ConfigMap"].join(
      "---\n",
    ),
  );
  write(
    "b.json",
    JSON.stringify({
      kind: "List",
      items: [
        {
          kind: "Secret",
          metadata: { name: "two", labels: { "alert-history.io/publish-target": "true" } },
          stringData: { url: "https://hook.example.com/2", priority: 5 },
        },
      ],
    }),
  );
  mkdirSync(join(directory, "deep/er"), { recursive: true });
  write("deep/er/c.yml", manifest("three"));
  write("notes.txt", manifest("four"));
  const { targets, get } = await start();
  const snapshot = await targets();
  expect(snapshot).toMatchObject({ complete: true, namespaces: [{ name: "*", status: "ok" }], invalid: [] });
  expect(
    snapshot.targets.map(({ namespace, secret, target }) => [namespace, secret, target.url, target.priority]),
  ).toEqual([
    ["alerts", "one", "https://hook.example.com/1", 100],
    ["alerts", "three", "https://hook.example.com/in", 100],
    ["default", "two", "https://hook.example.com/2", 5],
  ]);
  expect(await (await get("/targets")).text()).not.toContain("c4n4ry");
});

test("stringData wins over data", async () => {
  write(
    "a.yaml",
    manifest(
      "a",
      `data: {url: ${base64("https://hook.example.com/data")}}\nstringData: {url: https://hook.example.com/string}`,
    ),
  );
  await start();
  await sees({ targets: [{ target: { url: "https://hook.example.com/string" } }] });
});

test("files written, replaced, moved and removed are followed", async () => {
  await start();
  write("a.yaml", manifest("a"));
  await sees({ targets: [{ secret: "a" }] });
  write(".b.tmp", manifest("b"));
  renameSync(join(directory, ".b.tmp"), join(directory, "b.yaml"));
  await sees({ targets: [{ secret: "a" }, { secret: "b" }] });
  write("a.yaml", manifest("a", "stringData: {url: https://hook.example.com/new}"));
  await sees({ targets: [{ target: { url: "https://hook.example.com/new" } }, { secret: "b" }] });
  rmSync(join(directory, "b.yaml"));
  await eventually(async () => expect((await (running as Running).targets()).targets).toHaveLength(1));
});

test("a mounted volume is read once, and followed when its link is turned", async () => {
  const revision = (name: string, url: string): void => {
    mkdirSync(join(directory, name));
    write(`${name}/a.yaml`, manifest("a", `stringData: {url: ${url}}`));
  };
  // As the kubelet does it: what is read is a link through ..data, and an update turns that link.
  revision("..2026_01", "https://hook.example.com/1");
  symlinkSync("..2026_01", join(directory, "..data"));
  symlinkSync("..data/a.yaml", join(directory, "a.yaml"));
  await start();
  const url = (path: string) => ({ target: { url: `https://hook.example.com/${path}` } });
  await sees({ complete: true, targets: [url("1")], invalid: [] });
  revision("..2026_02", "https://hook.example.com/2");
  symlinkSync("..2026_02", join(directory, "..new"));
  renameSync(join(directory, "..new"), join(directory, "..data"));
  rmSync(join(directory, "..2026_01"), { recursive: true });
  await sees({ complete: true, targets: [url("2")], invalid: [] });
});

test("a checkout behind a link is followed when the link is turned", async () => {
  for (const name of ["one", "two"]) {
    mkdirSync(join(directory, name));
    write(`${name}/a.yaml`, manifest(name));
  }
  symlinkSync("one", join(directory, "current"));
  await start({ SECRETS_DIR: join(directory, "current") });
  await sees({ targets: [{ secret: "one" }] });
  symlinkSync("two", join(directory, "next"));
  renameSync(join(directory, "next"), join(directory, "current"));
  await sees({ complete: true, targets: [{ secret: "two" }] });
});

test("what a checkout takes away for a moment was never gone, and what stays away is", async () => {
  write("a.yaml", manifest("a"));
  write("b.yaml", manifest("b"));
  const { targets, get } = await start({}, { confirmMs: 5000 });
  await sees({ targets: [{ secret: "a" }, { secret: "b" }] });
  const scans = async () =>
    Number(/file_scans_total\{result="ok"\} (\d+)/.exec(await (await get("/metrics")).text())?.[1]);
  const before = await scans();
  rmSync(join(directory, "a.yaml"));
  await new Promise((resolve) => setTimeout(resolve, 500));
  write("a.yaml", manifest("a"));
  await eventually(async () => expect(await scans()).toBeGreaterThan(before));
  expect((await targets()).targets).toHaveLength(2);
  rmSync(join(directory, "a.yaml"));
  await sees({ complete: true, targets: [{ secret: "b" }] });
});

test("a file that breaks makes its Secrets invalid, not absent, and touches no other", async () => {
  write("a.yaml", [manifest("a"), manifest("b")].join("---\n"));
  write("c.yaml", manifest("c"));
  const { logs } = await start();
  await sees({ targets: [{ secret: "a" }, { secret: "b" }, { secret: "c" }] });
  write("a.yaml", `${manifest("a")}---\n${manifest("b", "stringData: {url: 'https://c4n4ry.example.com/}")}`);
  await sees({
    complete: true,
    targets: [{ secret: "a" }, { secret: "c" }],
    invalid: [{ namespace: "alerts", secret: "b", reason: "invalid_json" }],
  });
  write("c.yaml", manifest("c", "stringData: {url: https://hook.example.com/new}"));
  await sees({
    targets: [{ secret: "a" }, { target: { url: "https://hook.example.com/new" } }],
    invalid: [{ secret: "b" }],
  });
  write("a.yaml", [manifest("a"), manifest("b")].join("---\n"));
  await sees({ targets: [{ secret: "a" }, { secret: "b" }, { secret: "c" }], invalid: [] });
  expect(logs.join("")).not.toContain("c4n4ry");
});

test("a file broken from the start leaves the answer incomplete: nobody knows what is in it", async () => {
  write("a.yaml", manifest("a", "stringData: {url: 'https://c4n4ry.example.com/}"));
  write("b.yaml", manifest("b"));
  const { get } = await start();
  await sees({
    complete: false,
    namespaces: [{ name: "*", status: "error", error: "unreadable_file" }],
    targets: [{ secret: "b" }],
  });
  expect(await (await get("/targets")).text()).not.toContain("c4n4ry");
});

test("other people's broken YAML is none of our business", async () => {
  write("chart.yaml", "{{- if .Values.x }}\nkind: Secret\n{{- end }}");
  write("b.yaml", manifest("b"));
  await start();
  await sees({ complete: true, targets: [{ secret: "b" }], invalid: [] });
});

test("a Secret defined twice is told, the first file counts", async () => {
  write("a.yaml", manifest("a", "stringData: {url: https://hook.example.com/1}"));
  write("b.yaml", manifest("a", "stringData: {url: https://hook.example.com/2}"));
  await start();
  await sees({
    targets: [{ target: { url: "https://hook.example.com/1" } }],
    invalid: [{ secret: "a", reason: "duplicate_name" }],
  });
});

test("a value that is no base64 is told by its key", async () => {
  write("a.yaml", manifest("a", "data: {url: 'c4n4ry is no base64'}"));
  await start();
  await sees({ invalid: [{ secret: "a", reason: "invalid_value", detail: "url is no UTF-8 text" }] });
});

test("namespaces and selectors choose in files as they do in a cluster", async () => {
  write("a.yaml", [manifest("a"), manifest("b", "", "team: x")].join("---\n"));
  write("c.yaml", manifest("c", "", "team: x").replace("namespace: alerts", "namespace: other"));
  await start({ TARGET_LABEL_SELECTORS: "team=x", TARGET_NAMESPACES: "alerts" });
  await sees({ targets: [{ secret: "b" }] });
  expect((await (running as Running).targets()).targets).toHaveLength(1);
});

test("a directory that goes away is an error, and what was there is not taken as gone", async () => {
  write("a.yaml", manifest("a"));
  const { targets } = await start();
  const away = `${directory}-away`;
  renameSync(directory, away);
  await eventually(async () => expect(await targets()).toMatchObject({ complete: false, targets: [{ secret: "a" }] }));
  renameSync(away, directory);
  await eventually(async () => expect(await targets()).toMatchObject({ complete: true }));
});

test("the example of the documents is what it says", async () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/exporter.md"), "utf8");
  const [, yaml = ""] = /```yaml\n(apiVersion: v1\nkind: Secret\n[^`]*)```/.exec(text) ?? [];
  write("example.yaml", yaml);
  await start();
  await sees({ targets: [{ secret: "ops-slack", target: { type: "slack" } }], invalid: [] });
});
