import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, type Running, run } from "./harness.ts";
import { KubernetesApi, LABEL } from "./kubernetes-api.ts";

const NUDGE_TOKEN = "worker-token-for-tests";
const put = (name: string) =>
  api.put({ namespace: "default", name, labels: LABEL, data: { url: "https://hook.example.com/c4n4ry" } });

let api: KubernetesApi;
let worker: Server;
let running: Running;
let start: (token: string) => Promise<Running>;
let nudges: string[];
/** Statuses to answer before 202. */
let refusals: number[];

beforeEach(async () => {
  nudges = [];
  refusals = [];
  api = new KubernetesApi();
  await api.start();
  worker = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      nudges.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
      response.writeHead(refusals.shift() ?? 202, { "Retry-After": "0.05", Location: "/elsewhere" }).end("c4n4ry");
    });
  });
  await new Promise<void>((resolve) => worker.listen(0, "127.0.0.1", resolve));
  const NUDGE_URL = `http://127.0.0.1:${(worker.address() as AddressInfo).port}/base/`;
  start = (token) => run({ NUDGE_URL, NUDGE_TOKEN: token, NUDGE_DEBOUNCE_SECONDS: "1" }, () => api.kubeConfig());
  running = await start(NUDGE_TOKEN);
});
afterEach(async () => {
  await running.exporter.drain();
  await api.stop();
  await new Promise((resolve) => worker.close(resolve));
});
const EXPECTED = `POST /base/publishing/targets/refresh Bearer ${NUDGE_TOKEN} `;
const hasNudged = (times: number) => eventually(() => expect(nudges).toEqual(Array(times).fill(EXPECTED)));
/** Longer than what is gathered into one nudge. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 1500));

test("the first list and each burst of changes is one nudge, and nothing changed is none", async () => {
  await hasNudged(1);
  for (let at = 0; at < 20; at += 1) put(`t-${at}`);
  await hasNudged(2);
  await pause();
  await hasNudged(2);
  api.remove("default", "t-0");
  api.put({ namespace: "default", name: "unlabelled" });
  await hasNudged(3);
  await pause();
  await hasNudged(3);
});

test.each([429, 503])("a %i is asked again when it said so", async (status) => {
  await hasNudged(1);
  refusals = [status];
  put("a");
  await hasNudged(3);
  await pause();
  await hasNudged(3);
});

test.each([401, 404, 302])("a %i is not asked again, nor followed, until something changes", async (status) => {
  await hasNudged(1);
  refusals = [status];
  put("a");
  await hasNudged(2);
  await pause();
  await hasNudged(2);
  put("b");
  await hasNudged(3);
  expect(running.logs.join("")).not.toMatch(new RegExp(`c4n4ry|${NUDGE_TOKEN}`));
});

test("while a token rotates, the one that the Worker knows is found", async () => {
  await hasNudged(1);
  await running.exporter.drain();
  nudges = [];
  refusals = [401];
  running = await start(`a-new-token-for-tests,${NUDGE_TOKEN}`);
  const tried = (token: string) => EXPECTED.replace(NUDGE_TOKEN, token);
  await eventually(() => expect(nudges).toEqual([tried("a-new-token-for-tests"), EXPECTED]));
  await pause();
  expect(nudges).toHaveLength(2);
});
