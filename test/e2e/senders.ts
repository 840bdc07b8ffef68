/**
 * Debian's own Prometheus and Alertmanager, set up with the README's snippets, against `npm start`: their alerts arrive,
 * are told to the first target, and end. Where they are not installed there is nothing to run, and it says so.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../src/local/files.ts";
import { freePort } from "../support/ports.ts";
import { readJson, startInstance, startScript, until } from "./instance.ts";
import { readmeSnippet } from "./readme.ts";
import { startReport } from "./report.ts";

/** Prometheus repeats a batch that was not taken after a minute. */
const WITHIN_MS = 100_000;
const TOOLS = ["prometheus", "prometheus-alertmanager", "promtool", "amtool"];

const report = startReport();
const missing = TOOLS.filter((tool) => spawnSync(tool, ["--version"]).status !== 0);
if (missing.length > 0) {
  console.log(
    `skipped: ${missing.join(", ")} not installed (Debian's packages prometheus and prometheus-alertmanager)`,
  );
  report.finish();
  process.exit();
}

const home = mkdtempSync(join(tmpdir(), "senders-"));
const running: ChildProcess[] = [];
const file = (name: string, text: string): string => {
  writeFileSync(join(home, name), text);
  return join(home, name);
};
const start = (command: string, args: readonly string[]): void => {
  running.push(spawn(command, args, { cwd: home, stdio: "ignore" }));
};
const accepts = (tool: string, args: readonly string[]): void => {
  const { status, stdout, stderr } = spawnSync(tool, args, { encoding: "utf8" });
  report.check(`${tool} accepts the README's snippet`, status === 0, stdout + stderr);
};

const rules = (name: string, expr: string): string =>
  JSON.stringify({ groups: [{ name: "t", rules: [{ alert: name, expr, labels: { severity: "warning" } }] }] });
const FAST = "global: {scrape_interval: 2s, evaluation_interval: 2s}\n";

const tryIt = async (): Promise<void> => {
  const instance = await startInstance({
    cwd: ROOT,
    command: startScript(ROOT),
    env: { PORT: String(await freePort()), STATE_DIR: join(home, "state") },
  });
  try {
    const host = new URL(instance.url).host;
    const [am, direct, through] = [await freePort(), await freePort(), await freePort()];
    const amConfig = readmeSnippet("webhook_configs", host, instance.ingestToken);
    const amFile = file(
      "alertmanager.yml",
      amConfig.replace(/^ {2}receiver: .*$/m, "$&\n  group_wait: 1s\n  group_interval: 2s"),
    );
    accepts("amtool", ["check-config", amFile]);
    const promConfig = readmeSnippet("alertmanagers", host, instance.ingestToken);
    accepts("promtool", ["check", "config", file("readme-prometheus.yml", promConfig)]);
    const byAm = `alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:${am}"]}]}]}\n`;
    const ruleFile = (name: string): string => `rule_files: [${join(home, `${name}.yml`)}]\n`;
    file("Direct.yml", rules("Direct", "vector(1)"));
    file("Through.yml", rules("Through", "vector(1)"));
    start("prometheus-alertmanager", [
      ...[`--config.file=${amFile}`, `--storage.path=${join(home, "am")}`],
      ...[`--web.listen-address=127.0.0.1:${am}`, "--cluster.listen-address="],
    ]);
    for (const [name, at, config] of [
      ["Direct", direct, promConfig],
      ["Through", through, byAm],
    ] as const) {
      start("prometheus", [
        `--config.file=${file(`${name}-prometheus.yml`, FAST + ruleFile(name) + config)}`,
        ...[
          `--storage.tsdb.path=${join(home, name)}`,
          `--web.listen-address=127.0.0.1:${at}`,
          "--web.enable-lifecycle",
        ],
      ]);
    }
    const told = async (status: string): Promise<string[]> => {
      const { notifications } = (await (await fetch(instance.sinkUrl)).json()) as {
        notifications: { body: { alert_name?: string; status?: string } }[];
      };
      return notifications.flatMap(({ body }) => (body.status === status ? [body.alert_name ?? ""] : [])).sort();
    };
    const both = (status: string) => async () => ((await told(status)).join() === "Direct,Through" ? true : null);
    report.check(
      "both alerts arrive and are told once",
      (await until(WITHIN_MS, both("firing"))) === true,
      instance.output(),
    );
    for (const [name, at] of [
      ["Direct", direct],
      ["Through", through],
    ] as const) {
      file(`${name}.yml`, rules(name, "vector(1) > 2"));
      await fetch(`http://127.0.0.1:${at}/-/reload`, { method: "POST" });
    }
    report.check("both ends are told once", (await until(WITHIN_MS, both("resolved"))) === true, instance.output());
    const { alerts } = (await readJson(instance, "/history?limit=10")) as { alerts: { source_format: string }[] };
    const formats = alerts.map(({ source_format }) => source_format).sort();
    report.check(
      "each by its own format, once each way",
      formats.join() === "alertmanager,alertmanager,prometheus,prometheus",
      formats.join(),
    );
  } finally {
    for (const child of running) child.kill("SIGTERM");
    instance.signal("SIGTERM");
    await instance.ended;
  }
};

await report.attempt("Prometheus and Alertmanager", tryIt);
rmSync(home, { recursive: true, force: true });
report.finish();
