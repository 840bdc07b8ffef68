import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, kubeConfigFile, TOKEN } from "./harness.ts";
import { KubernetesApi, LABEL } from "./kubernetes-api.ts";

const MAIN = join(import.meta.dirname, "../../src/exporter/main.ts");
const directory = mkdtempSync(join(tmpdir(), "exporter-main-"));

let api: KubernetesApi;
let child: ChildProcess | null = null;
beforeEach(async () => {
  api = new KubernetesApi();
  await api.start();
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await api.stop();
});

const launch = (env: Record<string, string>) => {
  // The Worker's own variables are declared as always present; here nothing is but what the test gives.
  const whole = { PATH: process.env.PATH ?? "", ...env } as unknown as NodeJS.ProcessEnv;
  const process_ = spawn(process.execPath, [MAIN], { env: whole });
  child = process_;
  let output = "";
  for (const stream of [process_.stdout, process_.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const port = () =>
    eventually(() => {
      const found = /"message":"listening","port":(\d+)/.exec(output)?.[1];
      expect(found, output).toBeDefined();
      return Number(found);
    });
  return { process: process_, port, output: () => output, exit: once(process_, "exit") };
};

const env = () => ({
  KUBECONFIG: kubeConfigFile(directory, api.url, "c4n4ry-token"),
  EXPORTER_TOKEN: TOKEN,
  PORT: "0",
  HOST: "127.0.0.1",
});
const targets = async (port: number) => {
  const answer = await fetch(`http://127.0.0.1:${port}/targets`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { targets: { secret: string }[] };
};

test("the program serves a cluster, survives its restart, and on SIGTERM lets requests finish before it ends", async () => {
  api.tokens = ["c4n4ry-token"];
  api.put({ namespace: "default", name: "a", labels: LABEL, data: { url: "https://hook.example.com/c4n4ry" } });
  const program = launch({ ...env(), SHUTDOWN_DELAY_SECONDS: "6", LOG_LEVEL: "debug" });
  const port = await program.port();
  await eventually(async () => expect((await targets(port)).targets).toMatchObject([{ secret: "a" }]));

  await api.stop();
  api.put({ namespace: "default", name: "b", labels: LABEL, data: { url: "https://hook.example.com/c4n4ry" } });
  api.compact();
  await api.start();
  await eventually(async () => expect((await targets(port)).targets).toMatchObject([{ secret: "a" }, { secret: "b" }]));

  program.process.kill("SIGTERM");
  const ready = () => fetch(`http://127.0.0.1:${port}/readyz`);
  await eventually(async () => expect((await ready()).status).toBe(503));
  expect((await targets(port)).targets).toHaveLength(2);
  expect(await program.exit).toEqual([0, null]);
  expect(program.output()).toContain('"message":"stopped"');
  for (const line of program.output().trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
  expect(program.output()).not.toContain("c4n4ry");
});

test("started again, it serves the same under the same tag", async () => {
  api.put({ namespace: "default", name: "a", labels: LABEL, data: { url: "https://hook.example.com/" } });
  const tags: (string | null)[] = [];
  for (let round = 0; round < 2; round += 1) {
    const program = launch({ ...env(), SHUTDOWN_DELAY_SECONDS: "0" });
    const port = await program.port();
    await eventually(async () => expect((await targets(port)).targets).toHaveLength(1));
    const headers = { Authorization: `Bearer ${TOKEN}` };
    tags.push((await fetch(`http://127.0.0.1:${port}/targets`, { headers })).headers.get("ETag"));
    program.process.kill("SIGTERM");
    await program.exit;
  }
  expect(tags[0]).toMatch(/^W\/"[\w-]{43}"$/);
  expect(tags[1]).toBe(tags[0]);
});

test("a wrong configuration is told whole, with exit code 2", async () => {
  const program = launch({ EXPORTER_TOKEN: "c4n4ry", PORT: "c4n4ry", LOG_LEVEL: "c4n4ry" });
  expect(await program.exit).toEqual([2, null]);
  expect(program.output().trimEnd().split("\n")).toHaveLength(3);
  expect(program.output()).not.toContain("c4n4ry");
});

test("a port that is taken ends it with exit code 1", async () => {
  const program = launch({ ...env(), PORT: new URL(api.url).port });
  expect(await program.exit).toEqual([1, null]);
  expect(program.output()).toContain('"code":"EADDRINUSE"');
});

test("the token a Pod is given is read again from its file: an old one that expires costs nothing", async () => {
  const kubeConfig = kubeConfigFile(directory, api.url, "first");
  api.tokens = ["first"];
  api.put({ namespace: "default", name: "a", labels: LABEL, data: { url: "https://hook.example.com/" } });
  const program = launch({ KUBECONFIG: kubeConfig, EXPORTER_TOKEN: TOKEN, PORT: "0", HOST: "127.0.0.1" });
  const port = await program.port();
  await eventually(async () => expect((await targets(port)).targets).toHaveLength(1));
  for (const next of ["second", "third"]) {
    kubeConfigFile(directory, api.url, next);
    api.tokens = [next];
    api.endWatches("closed");
    api.put({ namespace: "default", name: next, labels: LABEL, data: { url: "https://hook.example.com/" } });
    await eventually(async () => expect((await targets(port)).targets.map(({ secret }) => secret)).toContain(next));
  }
  expect(program.output()).toContain('"code":"401"');
});
