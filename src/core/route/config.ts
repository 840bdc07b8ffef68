/**
 * The routing document: Alertmanager's YAML with our own blocks beside it, read whole, every defect with its place. A
 * real `alertmanager.yml` is accepted as it is (DESIGN 9). Targets and sources are handed on as JSON for their own
 * readers; the clock, the store and the network know nothing of this.
 */
import { type Defect, err, ok, type Result } from "../result.ts";
import { checkShape } from "./config/check.ts";
import { type ConfigDefect, locate, type Position, parseYaml, toJson, type YamlNode } from "./config/node.ts";
import { projectDocument } from "./config/project.ts";
import { readClassification, readFilters, readHeartbeats, readRetention } from "./config/read-own.ts";
import { type ConfigTarget, readReceivers, readStaticTargets } from "./config/read-receivers.ts";
import { readRoutes } from "./config/read-routes.ts";
import { readInhibitRules, readTimeIntervals } from "./config/read-rules.ts";
import { readCorrelation, readFlapping, readStorm } from "./config/read-together.ts";
import { type Report, startReport } from "./config/report.ts";
import { resolveSecrets, type Secrets, takeSecrets, type WithoutSecrets } from "./config/secrets.ts";
import { document } from "./config/shape-document.ts";
import { durationAt, nodeAt, textsAt } from "./config/values.ts";
import { GROUP_BY_ALL, type RoutingConfig } from "./routing.ts";

export type { ConfigDefect } from "./config/node.ts";
export type { ConfigTarget } from "./config/read-receivers.ts";
export type { Secrets, WithoutSecrets } from "./config/secrets.ts";

export interface ReadConfig {
  readonly config: RoutingConfig;
  /** What is not taken over, or means something else than its author may think. */
  readonly warnings: readonly ConfigDefect[];
  /** Those under `targets` and those made of receivers' integrations, to be read by `readTarget`. */
  readonly targets: readonly ConfigTarget[];
  /** The `sources` block as JSON; null: there is none. */
  readonly sources: unknown;
  /** Where a JSON pointer of the document stands, for defects that other readers find. */
  readonly locate: (path: string) => Position;
}

const inOrder = (defects: readonly ConfigDefect[]): readonly ConfigDefect[] =>
  defects.toSorted((a, b) => a.line - b.line || a.column - b.column);

const readRoot = (root: YamlNode, report: Report): ReadConfig => {
  checkShape(root, document, report);
  const statics = readStaticTargets(root, report);
  const { receivers, targets } = readReceivers(
    root,
    statics.map((target) => target.name),
    report,
  );
  const timeIntervals = readTimeIntervals(root, report);
  for (const template of textsAt(root, "templates") ?? []) {
    report.warn(
      template,
      "is a file that only Alertmanager's own machine can read: texts that use it are sent as ours",
    );
  }
  for (const key of ["tracing", "event_recorder"]) {
    const place = nodeAt(root, key);
    if (place !== null) report.warn(place, "is Alertmanager's own business and has no meaning here");
  }
  const names = {
    receivers: new Set(receivers.map((receiver) => receiver.name)),
    timeIntervals: new Set(timeIntervals.keys()),
  };
  const global = nodeAt(root, "global");
  const config: RoutingConfig = {
    resolveTimeoutMs: global === null ? null : durationAt(global, "resolve_timeout"),
    route: readRoutes(root, names, report),
    receivers,
    inhibitRules: readInhibitRules(root, report),
    timeIntervals,
    filters: readFilters(root, report),
    classification: readClassification(root, report),
    heartbeats: readHeartbeats(root, report),
    correlation: readCorrelation(root, report),
    storm: readStorm(root, report),
    flapping: readFlapping(root, report),
    retention: readRetention(root, report),
  };
  const sources = nodeAt(root, "sources");
  return {
    config,
    warnings: inOrder(report.warnings),
    targets: [...statics, ...targets],
    sources: sources === null ? null : toJson(sources),
    locate: (path) => locate(root, path),
  };
};

/**
 * Reads a document. `secrets` are those that `withoutSecrets` took out of it before. The defects are all there are, in
 * the order of the document.
 */
export const readConfig = (text: string, secrets: Secrets = {}): Result<ReadConfig, readonly ConfigDefect[]> => {
  const parsed = parseYaml(text);
  if (!parsed.ok) return parsed;
  if (parsed.value.kind !== "map") {
    return err([{ path: "", line: 1, column: 1, message: "must be a map with a route and receivers" }]);
  }
  const report = startReport();
  const root = resolveSecrets(parsed.value, secrets, (secret) =>
    report.defect(secret, "stands for a secret that is not known any more: write its value"),
  );
  const read = readRoot(root, report);
  if (report.defects.length === 0) return ok(read);
  return err(inOrder(report.defects));
};

/** The text with names in place of its secrets, and those secrets; a text that is no YAML has none we could name. */
export const withoutSecrets = (text: string): Result<WithoutSecrets, readonly ConfigDefect[]> => {
  const parsed = parseYaml(text);
  return parsed.ok ? ok(takeSecrets(text, parsed.value)) : parsed;
};

/** For `config.original` of Alertmanager's API: only what Alertmanager knows, secrets as `<secret>`. */
export const projectForAlertmanager = (text: string): Result<string, readonly ConfigDefect[]> => {
  const parsed = parseYaml(text);
  return parsed.ok ? ok(projectDocument(parsed.value)) : parsed;
};

/** What holds without a document: every target hears of every transition at once (contracts 8.1). */
export const DEFAULT_DOCUMENT = `route:
  receiver: default
  group_by: ["${GROUP_BY_ALL}"]
  group_wait: 0s
  group_interval: 1s
receivers:
  - name: default
`;

/** The configuration of `DEFAULT_DOCUMENT`. */
export const defaultConfig = (): RoutingConfig => {
  const read = readConfig(DEFAULT_DOCUMENT);
  if (!read.ok) throw new Error("the default document has defects");
  return read.value.config;
};

/** Defects that another reader found in a part of the document that begins at `base`, with their places. */
export const placeDefects = (read: ReadConfig, base: string, defects: readonly Defect[]): readonly ConfigDefect[] =>
  defects.map(({ path, message }) => ({ path: base + path, message, ...read.locate(base + path) }));
