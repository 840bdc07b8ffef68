/**
 * By what an answer is remembered. Not the fingerprint but the problem: alert name, severity and the labels that say
 * what is wrong, without those that only say on which instance, so that a thousand pods with one fault cost one call.
 * Annotations and status stay out: values in them change while the problem is the same.
 */
import { type Alert, alertName } from "../alert/alert.ts";
import { labelValue } from "../alert/labels.ts";
import { severityOf } from "../alert/severity.ts";

/** Labels that name the one thing concerned or who reported it. */
export const VOLATILE_LABELS: readonly string[] = [
  "instance",
  "pod",
  "pod_name",
  "pod_ip",
  "uid",
  "id",
  "container_id",
  "node",
  "nodename",
  "host",
  "hostname",
  "host_ip",
  "ip",
  "address",
  "endpoint",
  "replica",
  "prometheus_replica",
  "__replica__",
  "prometheus",
  "device",
  "mountpoint",
  "interface",
  "job_name",
  "replicaset",
  "trace_id",
  "request_id",
];

/** Numbers under five digits stay: one digit of a priority or a status code is the whole difference. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/(?<![0-9A-Za-z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9A-Za-z])/gi, "<uuid>"],
  [/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g, "<ip>"],
  [/-[a-z0-9]{8,10}-[a-z0-9]{5}$/, "-<hash>"],
  [/(?<![0-9A-Za-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9A-Za-z])/gi, "<hex>"],
  [/\d{5,}/g, "<number>"],
];

/**
 * The signature as text: one line of JSON, equal for alerts that may share an answer. A store that wants a short key
 * hashes it with a cryptographic hash; with a weaker one a sender could aim at another alert's answer.
 */
export function signatureOf(alert: Pick<Alert, "labels">, volatileLabels: readonly string[]): string {
  const stable = Object.entries(alert.labels)
    .filter(([name]) => name !== "alertname" && name !== "severity" && !volatileLabels.includes(name))
    .map(([name, value]) => [name, template(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const severity = [severityOf(alert.labels), labelValue(alert.labels, "severity").trim().toLowerCase()];
  return JSON.stringify([alertName(alert.labels), severity, stable]);
}

/** Key of the remembered answer, `digest` being the hash of the signature (contracts 5.3, with it for the fingerprint). */
export const cacheKey = (digest: string, model: string, promptVersion: string): string =>
  `classification:${digest}:${model}:${promptVersion}`;

const template = (value: string): string =>
  SHAPES.reduce((text, [shape, placeholder]) => text.replace(shape, placeholder), value);
