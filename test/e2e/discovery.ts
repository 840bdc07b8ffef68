/**
 * How long a change of a Secret takes to be in force at the Worker: changed, added and removed by turns among 980 targets,
 * with all settings as they come. Run: node test/e2e/discovery.ts [changes]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KubernetesApi, LABEL } from "../exporter/kubernetes-api.ts";
import { shownTargets, startCluster, timeUntil } from "./cluster.ts";

const TARGETS = 980;
const changes = Number(process.argv[2] ?? 30);
const stateDir = mkdtempSync(join(tmpdir(), "discovery-"));
const put = (api: KubernetesApi, name: string, priority: number): void => {
  const data = { url: `https://hook.example.com/${name}`, enabled: "false", priority: String(priority) };
  api.put({ namespace: "alerts", name, labels: LABEL, data });
};

const cluster = await startCluster(stateDir, (api) => {
  for (let i = 0; i < TARGETS; i += 1) put(api, `t-${i}`, 100);
});
const worker = await cluster.startWorker();
const has = async (name: string, priority: number | null): Promise<boolean> =>
  ((await shownTargets(worker)).find((target) => target.name === name)?.priority ?? null) === priority;
try {
  if ((await timeUntil(async () => (await shownTargets(worker)).length === TARGETS)) === null) {
    throw new Error("the cluster was not read");
  }
  const taken: number[] = [];
  for (let i = 0; i < changes; i += 1) {
    const kind = i % 3;
    if (kind === 0) put(cluster.api, `t-${i}`, 1 + i);
    else if (kind === 1) put(cluster.api, `new-${i}`, 7);
    else cluster.api.remove("alerts", `new-${i - 1}`);
    const ms = await timeUntil(() =>
      kind === 0 ? has(`t-${i}`, 1 + i) : kind === 1 ? has(`new-${i}`, 7) : has(`new-${i - 1}`, null),
    );
    if (ms === null) throw new Error(`change ${i} is not in force`);
    taken.push(ms);
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  taken.sort((a, b) => a - b);
  const at = (share: number): string => `${Math.round(taken[Math.ceil(taken.length * share) - 1] ?? 0)} ms`;
  console.log(`${taken.length} changes among ${TARGETS} targets: p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}`);
} finally {
  worker.signal("SIGTERM");
  await worker.ended;
  await cluster.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
