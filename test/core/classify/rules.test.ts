import { describe, expect, test } from "vitest";
import { classifyByRules } from "../../../src/core/classify/rules.ts";
import { alertWith } from "../../support/classifiable.ts";

const NOW = Date.UTC(2026, 0, 1);

/** Contracts 5.4, row by row. */
const ROWS: readonly (readonly [
  rule: string,
  severity: string,
  category: string,
  confidence: number,
  names: string[],
])[] = [
  ["node_down", "critical", "infrastructure", 0.8, ["NodeDown", "InstanceDown", "my_node_down_alert"]],
  ["k8s_node", "critical", "infrastructure", 0.8, ["NodeNotReady", "KubernetesNodeNotReady", "KubeNodeUnreachable"]],
  [
    "disk_full",
    "critical",
    "capacity",
    0.75,
    ["DiskFull", "disk_full", "FilesystemFull", "NodeFilesystemAlmostOutOfSpace", "NodeFilesystemSpaceFillingUp"],
  ],
  ["cpu", "warning", "capacity", 0.7, ["HighCPU", "CPUThrottlingHigh", "cpu_high"]],
  ["memory", "warning", "capacity", 0.7, ["HighMemory", "MemoryPressure", "memory_high", "ContainerOOMKilled"]],
  ["disk_io", "warning", "infrastructure", 0.65, ["HighIO", "DiskIO", "io_wait"]],
  ["error_rate", "warning", "application", 0.7, ["HighErrorRate", "ApiErrorRate", "errors_high"]],
  ["unavailable", "critical", "application", 0.75, ["ServiceUnavailable", "EndpointDown"]],
  ["unavailable", "critical", "observability", 0.75, ["TargetDown", "prometheustargetdown"]],
  ["latency", "warning", "application", 0.65, ["HighLatency", "SlowResponse", "ResponseTimeSlow"]],
  ["db_down", "critical", "database", 0.8, ["DatabaseDown", "DBConnectionFailed", "PostgresDown", "MySQLDown"]],
  ["slow_query", "warning", "database", 0.65, ["SlowQuery", "SlowQueries", "QueryLatency", "DBSlow"]],
  ["security", "critical", "security", 0.85, ["SecurityViolation", "UnauthorizedAccess", "BruteForce"]],
  ["certificate", "warning", "security", 0.7, ["CertificateExpiring", "CertExpiry", "TLSExpiring"]],
  ["network", "critical", "network", 0.75, ["NetworkDown", "ConnectivityLoss", "PacketLoss"]],
  ["pod_restart", "warning", "application", 0.7, ["PodRestarting", "ContainerRestart", "KubePodCrashLooping"]],
  ["backup", "warning", "infrastructure", 0.7, ["BackupFailed", "BackupJobFailed"]],
];

describe("rules by name", () => {
  for (const [rule, severity, category, confidence, names] of ROWS) {
    for (const name of names.flatMap((written) => (rule === "memory" ? [written] : [written, written.toUpperCase()]))) {
      test(`${name} is ${severity}, ${category} by ${rule}`, () => {
        const found = classifyByRules(alertWith({ labels: { alertname: name } }), NOW);
        expect(found).toMatchObject({ severity, category, confidence, source: "fallback", metadata: { rule } });
        expect(found.metadata.default).toBeUndefined();
        expect(found.recommendations.length).toBeGreaterThan(0);
        expect(found.recommendations.length).toBeLessThanOrEqual(3);
        expect(found.createdAt).toBe(NOW);
      });
    }
  }

  const special: readonly [string, Parameters<typeof alertWith>[0], object][] = [
    ["the first matching row wins", { labels: { alertname: "NodeDownHighCPU" } }, { metadata: { rule: "node_down" } }],
    ["OOM counts only with case", { labels: { alertname: "BoomRoom" } }, { metadata: { rule: "default" } }],
    [
      "a resolved DiskFull is no longer disk_full",
      { labels: { alertname: "DiskFull" }, status: "resolved" },
      { severity: "info", metadata: { rule: "default" } },
    ],
    [
      "a description with 'error rate' is error_rate",
      { annotations: { description: "The Error Rate is 7 %" } },
      { metadata: { rule: "error_rate" } },
    ],
    [
      "a description with 'errors' is error_rate",
      { annotations: { description: "too many errors" } },
      { metadata: { rule: "error_rate" } },
    ],
    [
      "a summary with 'errors' is not",
      { annotations: { summary: "too many errors" } },
      { metadata: { rule: "default" } },
    ],
    [
      "type=security is security",
      { labels: { type: "security" } },
      { severity: "critical", category: "security", confidence: 0.85 },
    ],
  ];
  test.each(special)("%s", (_sentence, parts, expected) => {
    expect(classifyByRules(alertWith(parts), NOW)).toMatchObject(expected);
  });
});

describe("the default", () => {
  const rows: readonly [string, Parameters<typeof alertWith>[0], string][] = [
    ["firing is a warning", {}, "warning"],
    ["resolved is info", { status: "resolved" }, "info"],
    ["priority=P1 is critical", { labels: { priority: "P1" } }, "critical"],
    ["priority=P2 is not", { labels: { priority: "P2" } }, "warning"],
    ["a name with 'critical' is critical", { labels: { alertname: "SomethingCritical" } }, "critical"],
    ["a name with 'down' is critical", { labels: { alertname: "ThingDown" } }, "critical"],
    ["a name with 'failed' is critical", { labels: { alertname: "JobFailed" } }, "critical"],
    ["a name with 'error' is critical", { labels: { alertname: "SomeError" } }, "critical"],
    ["a name with 'outage' is critical", { labels: { alertname: "Outage" } }, "critical"],
    ["an alert without a name is a warning", { labels: { alertname: "" } }, "warning"],
    ["a label named like an object's own is only a label", { labels: { constructor: "x" } }, "warning"],
  ];
  test.each(rows)("%s", (_sentence, parts, severity) => {
    expect(classifyByRules(alertWith(parts), NOW)).toMatchObject({
      severity,
      category: "other",
      confidence: 0.4,
      metadata: { rule: "default", default: true },
    });
  });
});

test.each(["critical", "PAGE", " p1 ", "fatal"])("a severity label %j lifts every result to critical", (severity) => {
  for (const alertname of ["HighCPU", "BackupFailed", "Whatever"]) {
    expect(classifyByRules(alertWith({ labels: { alertname, severity } }), NOW).severity).toBe("critical");
  }
});

test("a severity label below critical lowers nothing", () => {
  expect(classifyByRules(alertWith({ labels: { alertname: "NodeDown", severity: "info" } }), NOW).severity).toBe(
    "critical",
  );
});
