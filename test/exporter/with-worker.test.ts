/** The whole way: Secrets in an API server, the exporter, a running Worker, and what of them is on its disk. */
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Instance, startInstance } from "../e2e/instance.ts";
import { eventually, type Running, run, TOKEN } from "./harness.ts";
import { KubernetesApi, LABEL } from "./kubernetes-api.ts";

const STARTS_WITHIN_MS = 90_000;
const SECRETS = 300;
const stateDir = mkdtempSync(join(tmpdir(), "discovery-"));
const api = new KubernetesApi();
let exporter: Running;
let worker: Instance;

const canary = (i: number): string => `c4n4ry${i}c4n4ry`;
const put = (i: number, more: Record<string, string> = {}): void =>
  api.put({
    namespace: "alerts",
    name: `t-${i}`,
    labels: LABEL,
    data: { url: `https://hook.example.com/${canary(i)}`, enabled: "false", "api-key": canary(i), ...more },
  });

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const read = async <T>(path: string): Promise<T> => {
  const response = await fetch(`${worker.url}${path}`, { headers: { authorization: `Bearer ${worker.adminToken}` } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return (await response.json()) as T;
};
const targets = async (): Promise<string[]> =>
  (await read<{ name: string }[]>("/publishing/targets?cluster=prod&limit=1000")).map(({ name }) => name);

beforeAll(async () => {
  await api.start();
  for (let i = 0; i < SECRETS; i++) put(i);
  api.put({ namespace: "alerts", name: "unlabelled", data: { url: `https://hook.example.com/${canary(0)}` } });
  const port = await freePort();
  exporter = await run(
    {
      CLUSTER: "prod",
      TARGET_NAMESPACES: "alerts",
      NUDGE_URL: `http://127.0.0.1:${port}`,
      NUDGE_TOKEN: TOKEN,
      NUDGE_DEBOUNCE_SECONDS: "0.2",
    },
    () => api.kubeConfig(),
  );
  worker = await startInstance({
    cwd: process.cwd(),
    command: [process.execPath, "src/local/start.ts"],
    env: {
      PORT: String(port),
      STATE_DIR: stateDir,
      CLUSTERS: JSON.stringify([{ name: "prod", url: exporter.url, token: TOKEN, interval_seconds: 3600 }]),
    },
  });
}, STARTS_WITHIN_MS);

afterAll(async () => {
  worker?.signal("SIGTERM");
  await worker?.ended;
  await exporter?.exporter.drain();
  await api.stop();
  rmSync(stateDir, { recursive: true, force: true });
}, STARTS_WITHIN_MS);

test("what the cluster holds is in force after the first reading", async () => {
  await eventually(async () => expect(await targets()).toHaveLength(SECRETS), 30_000);
  expect(await targets()).not.toContain("unlabelled");
});

test("a change is in force when the exporter says so, long before its interval has passed", async () => {
  // A nudge that failed while the Worker was starting is tried again after 5 s; the next one waits for it.
  await new Promise((resolve) => setTimeout(resolve, 6000));
  put(SECRETS);
  api.remove("alerts", "t-0");
  await eventually(async () => {
    const names = await targets();
    expect([names.includes(`t-${SECRETS}`), names.includes("t-0")]).toEqual([true, false]);
  }, 20_000);
});

test("no secret of them is in a file, an answer or a log", async () => {
  // They are real: the Worker was given them.
  expect(await (await exporter.get("/targets")).text()).toContain("c4n4ry");
  const files = globSync("**/*", { cwd: stateDir, exclude: (name) => name === "node_modules" })
    .map((name) => join(stateDir, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  expect(files.filter((path) => path.endsWith(".sqlite")).length).toBeGreaterThan(2);
  expect(files.filter((path) => readFileSync(path).includes("c4n4ry"))).toEqual([]);
  for (const path of ["/publishing/targets?limit=1000", "/publishing/targets/status", "/publishing/targets/drift"]) {
    expect(JSON.stringify(await read(path))).not.toContain("c4n4ry");
  }
  expect(worker.output()).not.toContain("c4n4ry");
  expect(exporter.logs.join("")).not.toContain("c4n4ry");
});
