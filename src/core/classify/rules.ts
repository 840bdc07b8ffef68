/**
 * The rules that answer where no model does (contracts 5.4): sixteen by name, first match wins, then a default. They see
 * the alert as it came and tell nothing of it, so their answer needs no masking.
 */
import { type Alert, alertName, type Millis } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";
import { labelSeverity, type Severity } from "../alert/severity.ts";
import type { Category, Classification } from "./classification.ts";

export const RULES_MODEL = "rules";
export const RULES_VERSION = "rules-1";

type RuleInput = Pick<Alert, "labels" | "annotations" | "status">;

interface Rule {
  readonly name: string;
  /** Parts of the alert name, without case. */
  readonly contains: readonly string[];
  /** A further way to match. */
  readonly or?: (alert: RuleInput) => boolean;
  readonly firingOnly?: true;
  readonly severity: Severity;
  readonly category: Category;
  readonly confidence: number;
  readonly because: string;
  readonly recommendations: readonly string[];
}

const labelIs = (alert: RuleInput, name: string, value: string): boolean =>
  labelValue(alert.labels, name).trim().toLowerCase() === value;
const description = (alert: RuleInput): string => labelValue(alert.annotations, "description").toLowerCase();

// biome-ignore format: a table reads best as one row per rule
const RULES: readonly Rule[] = [
  { name: "node_down", contains: ["NodeDown", "InstanceDown", "node_down"], severity: "critical", category: "infrastructure", confidence: 0.8, because: "a machine or instance is down", recommendations: ["Check that the host is reachable", "Look at its console and at recent maintenance"] },
  { name: "k8s_node", contains: ["NodeNotReady", "KubernetesNodeNotReady", "KubeNodeUnreachable"], severity: "critical", category: "infrastructure", confidence: 0.8, because: "a Kubernetes node takes no work", recommendations: ["Describe the node and read its conditions", "Check kubelet and container runtime", "Drain the node if it does not recover"] },
  { name: "disk_full", contains: ["DiskFull", "disk_full", "FilesystemFull", "AlmostOutOfSpace", "SpaceFillingUp"], firingOnly: true, severity: "critical", category: "capacity", confidence: 0.75, because: "a file system is running out of space", recommendations: ["Find what grows and free space", "Extend the volume"] },
  { name: "cpu", contains: ["HighCPU", "CPUThrottling", "cpu_high"], severity: "warning", category: "capacity", confidence: 0.7, because: "processors are busy or throttled", recommendations: ["Find the busiest processes", "Compare limits and requests with use"] },
  { name: "memory", contains: ["HighMemory", "MemoryPressure", "memory_high"], or: (alert) => alertName(alert.labels).includes("OOM"), severity: "warning", category: "capacity", confidence: 0.7, because: "memory is running short", recommendations: ["Find the largest processes", "Look for a leak since the last release", "Raise the limit if use is legitimate"] },
  { name: "disk_io", contains: ["HighIO", "DiskIO", "io_wait"], severity: "warning", category: "infrastructure", confidence: 0.65, because: "disks are busy", recommendations: ["Find the processes with the most I/O", "Check the health of the disks"] },
  { name: "error_rate", contains: ["HighErrorRate", "ErrorRate", "errors_high"], or: (alert) => /error rate|errors/.test(description(alert)), severity: "warning", category: "application", confidence: 0.7, because: "an application answers with errors", recommendations: ["Read the logs of the failing service", "Compare with the time of the last release", "Check what it depends on"] },
  { name: "unavailable", contains: ["ServiceUnavailable", "EndpointDown", "TargetDown"], severity: "critical", category: "application", confidence: 0.75, because: "a service or scrape target cannot be reached", recommendations: ["Check that the service runs and is reachable", "Read its logs"] },
  { name: "latency", contains: ["HighLatency", "SlowResponse", "ResponseTimeSlow"], severity: "warning", category: "application", confidence: 0.65, because: "answers take too long", recommendations: ["Find the slow part in traces", "Check load and dependencies"] },
  { name: "db_down", contains: ["DatabaseDown", "DBConnectionFailed", "PostgresDown", "MySQLDown"], severity: "critical", category: "database", confidence: 0.8, because: "a database cannot be reached", recommendations: ["Check the database process and its host", "Check connection limits", "Prepare a failover"] },
  { name: "slow_query", contains: ["SlowQuery", "SlowQueries", "QueryLatency", "DBSlow"], severity: "warning", category: "database", confidence: 0.65, because: "database queries take too long", recommendations: ["Find the slow queries", "Check indexes and locks"] },
  { name: "security", contains: ["SecurityViolation", "UnauthorizedAccess", "BruteForce"], or: (alert) => labelIs(alert, "type", "security"), severity: "critical", category: "security", confidence: 0.85, because: "it tells of a security event", recommendations: ["Tell the security team", "Keep the logs", "Block the source if it is known"] },
  { name: "certificate", contains: ["CertificateExpiring", "CertExpiry", "TLSExpiring"], severity: "warning", category: "security", confidence: 0.7, because: "a certificate expires soon", recommendations: ["Renew the certificate", "Check why renewal did not happen by itself"] },
  { name: "network", contains: ["NetworkDown", "ConnectivityLoss", "PacketLoss"], severity: "critical", category: "network", confidence: 0.75, because: "a network loses traffic", recommendations: ["Check links and interfaces", "Ask the provider", "Find out which services are cut off"] },
  { name: "pod_restart", contains: ["PodRestarting", "ContainerRestart", "CrashLoop"], severity: "warning", category: "application", confidence: 0.7, because: "a container restarts again and again", recommendations: ["Read the logs of the previous container", "Check exit code, probes and limits"] },
  { name: "backup", contains: ["BackupFailed", "BackupJobFailed"], severity: "warning", category: "infrastructure", confidence: 0.7, because: "a backup did not succeed", recommendations: ["Read the log of the backup job", "Run it again and check the age of the last good one"] },
];

const ALARMING_WORDS = ["critical", "down", "failed", "error", "outage"];

/** What the rules say: always an answer, the same for the same alert. */
export function classifyByRules(alert: RuleInput, now: Millis): Classification {
  const rule = RULES.find((candidate) => matches(candidate, alert));
  const judged = rule ? judgeByRule(rule, alert) : judgeByDefault(alert);
  const lifted = labelSeverity(alert.labels) === "critical" ? { ...judged, severity: "critical" as const } : judged;
  return {
    ...lifted,
    source: "fallback",
    model: RULES_MODEL,
    promptVersion: RULES_VERSION,
    createdAt: now,
    cached: false,
    processingMs: 0,
  };
}

const contains = (name: string, part: string): boolean => name.toLowerCase().includes(part.toLowerCase());

function matches(rule: Rule, alert: RuleInput): boolean {
  if (rule.firingOnly && alert.status !== "firing") return false;
  const name = alertName(alert.labels);
  return rule.contains.some((part) => contains(name, part)) || (rule.or?.(alert) ?? false);
}

type Judged = Pick<
  Classification,
  "severity" | "category" | "confidence" | "reasoning" | "recommendations" | "metadata"
>;

const judgeByRule = (rule: Rule, alert: RuleInput): Judged => ({
  severity: rule.severity,
  category:
    rule.name === "unavailable" && contains(alertName(alert.labels), "TargetDown") ? "observability" : rule.category,
  confidence: rule.confidence,
  reasoning: `Rule ${rule.name}: ${rule.because}.`,
  recommendations: rule.recommendations,
  metadata: { rule: rule.name },
});

function judgeByDefault(alert: RuleInput): Judged {
  const name = alertName(alert.labels);
  const alarming = labelIs(alert, "priority", "p1") || ALARMING_WORDS.some((word) => contains(name, word));
  const byStatus = alert.status === "firing" ? "warning" : "info";
  return {
    severity: alarming ? "critical" : byStatus,
    category: "other",
    confidence: 0.4,
    reasoning: alarming
      ? "No rule knows this alert; its name or priority sounds urgent."
      : "No rule knows this alert; judged by its status alone.",
    recommendations: [],
    metadata: { rule: "default", default: true },
  };
}
