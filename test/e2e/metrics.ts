/**
 * Counters tell the same before and after a power cut: ten thousand alerts, a scrape, SIGKILL, a scrape. Where promtool
 * is installed it judges the scrape and the rules.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAlerts, webhookOf } from "../bench/alerts.ts";
import { type BenchRuntime, build, call, startService, TOKEN } from "../bench/runtime.ts";
import { startSink } from "../bench/sink.ts";
import { sleep } from "../bench/statistics.ts";
import { until } from "./instance.ts";
import { startReport } from "./report.ts";

const ALERTS = 10_000;
const PER_REQUEST = 100;
/** All of it goes through the queue; on a slow machine that takes a minute. */
const SETTLED_WITHIN_MS = 240_000;

const { check, attempt, finish } = startReport();

const scrape = async (runtime: BenchRuntime): Promise<string> => {
  const response = await fetch(`${runtime.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`/metrics: ${response.status} ${text}`);
  return text;
};

const figureOf = (text: string, series: string): number =>
  Number(new RegExp(`^${series.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);

/** Counters, and the counting series of histograms, without those that the scrapes themselves count. */
const countersOf = (text: string): string[] => {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map((match) => match[1]));
  return text.split("\n").filter((line) => counters.has(/^[^{ ]+/.exec(line)?.[0] ?? ""));
};

const post = (runtime: BenchRuntime, token: string, body: string): Promise<Response> =>
  fetch(`${runtime.url}/webhook`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  });

const promtool = (args: readonly string[], input = ""): string | null => {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8" });
  return status === 0 ? null : `${stdout}${stderr}`;
};

/** The expressions of the Grafana board, as rules that promtool can read; JSON is YAML. */
const panelRules = (): string => {
  const { panels } = JSON.parse(readFileSync("docs/monitoring/grafana-dashboard.json", "utf8")) as {
    panels: { targets: { expr: string }[] }[];
  };
  const rules = panels.flatMap(({ targets }) => targets.map(({ expr }, i) => ({ record: `panel:${i}`, expr })));
  return JSON.stringify({ groups: rules.map((rule, i) => ({ name: `panel-${i}`, rules: [rule] })) });
};

const stateDir = mkdtempSync(join(tmpdir(), "alert-history-metrics-"));
const sink = await startSink();

const run = async (): Promise<void> => {
  const script = build("src/worker/index.ts", "service");
  const first = await startService(script, { stateDir });
  const target = { name: "sink", type: "webhook", url: `${sink.url}/ok`, filter_config: { namespaces: ["told"] } };
  await call(first, "POST", "/api/v1/targets", target);
  await post(first, "wrong", webhookOf(makeAlerts(1)));
  const told = webhookOf(makeAlerts(5, "told"));
  await post(first, `${TOKEN}-ingest`, told);
  await post(first, `${TOKEN}-ingest`, told);
  for (let sent = 10; sent < ALERTS; sent += PER_REQUEST) {
    const response = await post(first, `${TOKEN}-ingest`, webhookOf(makeAlerts(Math.min(PER_REQUEST, ALERTS - sent))));
    if (response.status !== 200) throw new Error(`/webhook: ${response.status} ${await response.text()}`);
  }
  const transitions = ALERTS - 5;
  const expected: readonly (readonly [series: string, value: number])[] = [
    ["webhook_alerts_received_total", ALERTS],
    ["webhook_auth_failures_total", 1],
    ['webhook_requests_total{status="401"}', 1],
    ['alert_history_dedup_total{outcome="new"}', transitions],
    ['alert_history_dedup_total{outcome="duplicate"}', 5],
    ["alert_history_alerts_stored_total", transitions],
    ['alert_history_publishing_job_completed_total{target="sink"}', 5],
    ["alert_history_outbox_rows", 0],
  ];
  let before = "";
  // What one counter has reached, another may count only when its shard or target next writes.
  await until(SETTLED_WITHIN_MS, async () => {
    await sleep(500);
    before = await scrape(first);
    return expected.every(([series, value]) => figureOf(before, series) === value) ? true : null;
  });
  for (const [series, value] of expected) {
    check(`${series} is ${value}`, figureOf(before, series) === value, String(figureOf(before, series)));
  }
  await first.kill();
  const second = await startService(script, { stateDir });
  const after = await scrape(second);
  const [a, b] = [countersOf(before), countersOf(after)];
  check(
    `${a.length} counters tell the same after SIGKILL`,
    a.length > 10 && a.join("\n") === b.join("\n"),
    a.filter((line) => !b.includes(line)).join("; "),
  );
  check(
    "the version's start is the same",
    figureOf(before, "alert_history_service_started_time") === figureOf(after, "alert_history_service_started_time"),
  );
  await second.close();
  if (spawnSync("promtool", ["--version"]).status !== 0) {
    console.log("skipped: promtool is not installed (Debian's package prometheus has it)");
  } else {
    const metrics = promtool(["check", "metrics"], before);
    check("promtool finds the scrape in order", metrics === null, metrics ?? "");
    const rules = promtool(["check", "rules", ...globSync("docs/monitoring/*.yml")]);
    check("promtool finds the rules in order", rules === null, rules ?? "");
    const tested = promtool(["test", "rules", "test/monitoring/alerts.yml"]);
    check("each alerting rule fires at its cause and is silent without it", tested === null, tested ?? "");
    const panels = join(stateDir, "panels.yml");
    writeFileSync(panels, panelRules());
    const board = promtool(["check", "rules", panels]);
    check("promtool can read every expression of the board", board === null, board ?? "");
  }
};

await attempt("the run came to its end", run);
sink.close();
rmSync(stateDir, { recursive: true, force: true });
finish();
process.exit();
