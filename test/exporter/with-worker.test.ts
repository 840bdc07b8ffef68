/** The whole way: Secrets in an API server, the exporter, a running Worker, and what of them is on its disk. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, shownTargets, startCluster, timeUntil } from "../e2e/cluster.ts";
import { type Instance, readJson } from "../e2e/instance.ts";
import { CANARY, canaryTargets, filesWithCanary } from "./canaries.ts";
import { eventually } from "./harness.ts";
import { type KubernetesApi, LABEL } from "./kubernetes-api.ts";

const STARTS_WITHIN_MS = 120_000;
const SECRETS = 1000;
const folder = mkdtempSync(join(tmpdir(), "discovery-"));
const stateDir = join(folder, "state");
let cluster: Cluster;
let worker: Instance;
let mute: Server;
/** Connections on which it was told anything. */
let heard = 0;
let canaries: ReturnType<typeof canaryTargets>;

const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return address.port;
};
const put = (name: string, data: Record<string, string>): void =>
  cluster.api.put({ namespace: "alerts", name, labels: LABEL, data });
const post = async (path: string, body?: unknown, token = worker.adminToken) => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const request = { method: "POST", headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${worker.url}${path}`, request);
  return { status: response.status, text: await response.text() };
};
const status = () => readJson(worker, "/publishing/targets/status") as Promise<{ targets_invalid: number }>;
const names = async (): Promise<string[]> => (await shownTargets(worker)).map(({ name }) => name);

beforeAll(async () => {
  // Takes every connection, and cuts it at the first word.
  mute = createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", () => {
        heard += 1;
        socket.resetAndDestroy();
      });
  });
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  canaries = canaryTargets(portOf(mute));
  const fill = (api: KubernetesApi): void => {
    for (const [name, data] of Object.entries(canaries)) api.put({ namespace: "alerts", name, labels: LABEL, data });
    for (let i = Object.keys(canaries).length; i < SECRETS; i += 1) {
      const data = { url: `https://hook.example.com/${CANARY}`, enabled: "false" };
      api.put({ namespace: "alerts", name: `t-${i}`, labels: LABEL, data: i % 50 === 0 ? { type: "slack" } : data });
    }
    api.put({ namespace: "alerts", name: "unlabelled", data: { url: `https://hook.example.com/${CANARY}` } });
    api.put({ namespace: "other", name: "elsewhere", labels: LABEL, data: { url: "https://hook.example.com/" } });
  };
  // What the folder mode reads counts as well.
  const manifests = join(folder, "manifests");
  mkdirSync(manifests);
  const metadata = { name: "from-file", labels: LABEL };
  const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData: { url: `https://127.0.0.1:1/${CANARY}` } };
  writeFileSync(join(manifests, "a.json"), JSON.stringify(secret));
  cluster = await startCluster(stateDir, fill, { SECRETS_DIR: manifests, LOG_LEVEL: "debug" });
  worker = await cluster.startWorker();
}, STARTS_WITHIN_MS);

afterAll(async () => {
  worker?.signal("SIGTERM");
  await worker?.ended;
  await cluster?.stop();
  mute?.close();
  rmSync(folder, { recursive: true, force: true });
}, STARTS_WITHIN_MS);

test("a thousand Secrets are in force, or told why not, after one reading", async () => {
  await eventually(async () => {
    const [shown, { targets_invalid: invalid }] = [await names(), await status()];
    expect(shown.length + invalid).toBe(SECRETS);
    expect(invalid).toBeGreaterThan(20);
    expect(shown).not.toContain("unlabelled");
    expect(shown).not.toContain("elsewhere");
  });
});

test("a change is in force when the exporter says so, long before its interval has passed", async () => {
  const isThere = async (name: string) => (await names()).includes(name);
  put("late", { url: "https://hook.example.com/", enabled: "false" });
  expect(await timeUntil(() => isThere("late"))).not.toBeNull();
  put("late", { url: "https://hook.example.com/", enabled: "false", priority: "7" });
  const priority = async () => (await shownTargets(worker)).find(({ name }) => name === "late")?.priority;
  expect(await timeUntil(async () => (await priority()) === 7)).not.toBeNull();
  cluster.api.remove("alerts", "late");
  expect(await timeUntil(async () => !(await isThere("late")))).not.toBeNull();
});

test("a webhook that answers no HEAD is reached as long as it takes connections", async () => {
  const check = async (name: string) => {
    const answer = await post(`/publishing/targets/health/${name}/check`);
    return JSON.parse(answer.text) as Record<string, unknown>;
  };
  expect(await check("mute")).toMatchObject({ status: "healthy", status_code: null, evidence: "probe" });
  // It speaks no TLS, and at the other nobody listens. Cron may have probed them before.
  expect(await check("mute-tls")).toMatchObject({ last_success: null, status_code: null });
  expect(await check("closed")).toMatchObject({ last_success: null, error_type: "refused" });
});

test("fifty secrets, told to targets that fail in every way, are in no file, answer or log", async () => {
  expect(Object.values(canaries).filter((data) => JSON.stringify(data).includes(CANARY)).length).toBeGreaterThan(49);
  heard = 0;
  const alert = { alertname: "Canary", severity: "critical", instance: "a" };
  const sent = await post("/webhook", alert, worker.ingestToken);
  expect(sent.status).toBe(200);
  // Most of the two thirds that lead there have tried, and failed.
  await eventually(() => expect(heard).toBeGreaterThan(30));
  const answers = [
    ...["/publishing/targets?limit=1000", "/publishing/targets/status", "/publishing/targets/drift?limit=1000"],
    ...["/publishing/targets/health", "/api/v1/notifications?limit=500", "/history/recent", "/api/v1/targets"],
    ...["/publishing/targets/mute", "/proxy/targets", "/publishing/queue/jobs", "/api/v1/dead-letters"],
  ];
  for (const path of answers) expect(JSON.stringify(await readJson(worker, path)), path).not.toContain(CANARY);
  expect(worker.output()).not.toContain(CANARY);
  expect(cluster.exporter.logs.join("")).not.toContain(CANARY);
  for (const path of ["/metrics", "/healthz", "/readyz"])
    expect(await (await cluster.exporter.get(path)).text(), path).not.toContain(CANARY);
  const invalid = JSON.stringify((await cluster.exporter.targets()).invalid);
  expect(invalid.length).toBeGreaterThan(1000);
  expect(invalid).not.toContain(CANARY);
  // They are real: the Worker was given them.
  expect(JSON.stringify((await cluster.exporter.targets()).targets)).toContain(CANARY);
});

test(
  "cut off in the middle and with the cluster gone, the Worker has every target, and no secret on its disk",
  async () => {
    const before = await names();
    await worker.cut();
    const { looked, found } = filesWithCanary(stateDir);
    expect(looked.filter((path) => path.endsWith(".sqlite")).length).toBeGreaterThan(2);
    expect(looked.some((path) => path.endsWith("exporter.log"))).toBe(true);
    expect(found).toEqual([]);

    await cluster.stop();
    worker = await cluster.startWorker();
    expect(await names()).toEqual(before);
    const refreshed = await post("/publishing/targets/refresh");
    expect([refreshed.status, refreshed.text]).toEqual([202, expect.stringContaining("could not be read: prod")]);
    await eventually(async () => expect((await shownTargets(worker)).every(({ frozen }) => frozen)).toBe(true));
    expect(await names()).toEqual(before);
  },
  STARTS_WITHIN_MS,
);
