import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { addCluster, startDiscovery } from "../../src/local/discovery.ts";

const stateDir = mkdtempSync(join(tmpdir(), "discovery-"));
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const ours = { name: "local", url: "http://127.0.0.1:1", token: "t", interval_seconds: 60 };
test.each<[sentence: string, given: string | undefined, clusters: unknown]>([
  ["none was given", undefined, [ours]],
  ["others are given", '[{"name":"prod"}]', [{ name: "prod" }, ours]],
  ["one of that name is given: it is meant", '[{"name":"local"}]', [{ name: "local" }]],
])("the Worker's clusters when %s", (_, given, clusters) => {
  const added = addCluster(given, ours.url, ours.token);
  expect(added.ok && JSON.parse(added.value)).toEqual(clusters);
});

test("a value that is no list is told without quoting it", () => {
  for (const given of ["c4n4ry", '{"c4n4ry":1}']) {
    const added = addCluster(given, ours.url, ours.token);
    expect(added.ok).toBe(false);
    expect(JSON.stringify(added)).not.toContain("c4n4ry");
  }
});

test("the folder begins with a sample that is served, and what is there already is left alone", async () => {
  for (const run of [1, 2]) {
    const started = await startDiscovery({}, stateDir, "http://127.0.0.1:9", "http://127.0.0.1:8/sink");
    if (!started.ok) throw new Error(started.error);
    const { directory, clusters, stop } = started.value;
    const sample = join(directory, "sample.yaml");
    const [{ url, token }] = JSON.parse(clusters) as [{ url: string; token: string }];
    const ask = async () => {
      const response = await fetch(`${url}/targets`, { headers: { authorization: `Bearer ${token}` } });
      return response.ok ? ((await response.json()) as { targets: { target: object }[] }).targets : null;
    };
    let targets = await ask();
    while (targets === null) targets = await ask();
    const wanted = { name: "sample-webhook", url: "http://127.0.0.1:8/sink", enabled: run === 2 };
    expect(targets.map(({ target }) => target)).toMatchObject([wanted]);
    expect((await fetch(`${url}/targets`)).status).toBe(401);
    writeFileSync(sample, readFileSync(sample, "utf8").replace('enabled: "false"', 'enabled: "true"'));
    await stop();
    expect(existsSync(join(stateDir, "exporter.log"))).toBe(true);
  }
});
