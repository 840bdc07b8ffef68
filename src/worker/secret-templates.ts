/** Kubernetes Secrets with placeholders, as the exporter reads them (contracts 9.3). */
import type { TargetFormat } from "../core/route/target.ts";

const KEYS: Readonly<Record<TargetFormat, Readonly<Record<string, string>>>> = {
  rootly: { priority: "100", "api-key": "<rootly API key>" },
  pagerduty: { priority: "1", "routing-key": "<32 characters>" },
  slack: { priority: "200", url: "https://hooks.slack.com/services/<T>/<B>/<secret>" },
  webhook: { priority: "100", url: "https://<host>/<path>" },
  alertmanager: { priority: "100", url: "https://<host>/<path>" },
  teams: { priority: "200", url: "https://<host>/workflows/<id>/triggers/manual/paths/invoke?sig=<signature>" },
  discord: { priority: "200", url: "https://discord.com/api/webhooks/<id>/<token>" },
  telegram: { priority: "200", "bot-token": "<bot token>", channel: "<chat id>" },
  opsgenie: { priority: "1", "api-key": "<integration key>" },
  template: {
    priority: "100",
    url: "https://<host>/<path>",
    "content-type": "application/json",
    template: '{"text": "{{ alerts | size }} {{ status }}: {{ commonLabels.alertname }}"}',
  },
};

const manifest = (format: string, keys: Readonly<Record<string, string>>): string =>
  [
    "apiVersion: v1",
    "kind: Secret",
    "metadata:",
    `  name: alert-history-${format}`,
    "  labels:",
    '    alert-history.io/publish-target: "true"',
    "type: Opaque",
    "stringData:",
    `  name: ${format}`,
    `  type: ${format}`,
    ...Object.entries(keys).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
    "",
  ].join("\n");

/** Of one format, or of all. */
export const secretTemplates = (format: string | null): { readonly format: string; readonly manifest: string }[] =>
  Object.entries(KEYS)
    .filter(([name]) => format === null || name === format)
    .map(([name, keys]) => ({ format: name, manifest: manifest(name, keys) }));
