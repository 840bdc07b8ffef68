/** The configuration, from the environment. Checked whole at the start: all that is wrong is told at once, by name. */
import { readFileSync, statSync } from "node:fs";
import { err, ok, type Result } from "../core/result.ts";
import type { AddressPolicy } from "../core/route/address.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";
import { readSelector, type Selector } from "./selector.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly cluster: string;
  /** A directory of manifests; null: the Kubernetes API. */
  readonly directory: string | null;
  readonly selectors: readonly Selector[];
  /** null: all namespaces. */
  readonly namespaces: readonly string[] | null;
  /** null: every address of the machine. */
  readonly host: string | null;
  readonly port: number;
  /** Asked at every request, since a token in a file rotates. Never empty at the start. */
  readonly tokens: () => readonly string[];
  readonly relistMs: number;
  readonly nudge: {
    readonly url: string;
    readonly tokens: () => readonly string[];
    readonly debounceMs: number;
  } | null;
  readonly addresses: AddressPolicy;
  readonly logLevel: LogLevel;
  readonly shutdownDelayMs: number;
}

/** Every variable we read. */
export const VARIABLES = [
  ...["CLUSTER", "SECRETS_DIR", "TARGET_LABEL_SELECTORS", "TARGET_NAMESPACES", "HOST", "PORT"],
  ...["EXPORTER_TOKEN", "EXPORTER_TOKEN_FILE", "RELIST_SECONDS"],
  ...["NUDGE_URL", "NUDGE_TOKEN", "NUDGE_TOKEN_FILE", "NUDGE_DEBOUNCE_SECONDS"],
  ...["ALLOW_HTTP_TARGETS", "ALLOW_PRIVATE_TARGETS", "ALLOW_TARGET_PORTS", "LOG_LEVEL", "SHUTDOWN_DELAY_SECONDS"],
] as const;
type Variable = (typeof VARIABLES)[number];

const DEFAULT_SELECTOR = "alert-history.io/publish-target=true";
/** Half of what `openssl rand -hex 16` gives is still out of reach of guessing; less looks like a password. */
const MIN_TOKEN_CHARACTERS = 16;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A JSON array, or items between `;`, `,` where `separator` says so, and line breaks. */
const splitList = (text: string, separator: RegExp): readonly string[] | null => {
  if (!text.startsWith("[")) {
    return text
      .split(separator)
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }
  try {
    const json: unknown = JSON.parse(text);
    return Array.isArray(json) && json.every((item) => typeof item === "string") ? json : null;
  } catch {
    return null;
  }
};

/** A whole configuration, or a sentence for each thing wrong with it; none holds a value. */
export const readConfig = (env: Env): Result<Config, readonly string[]> => {
  const errors: string[] = [];
  const refuse = (name: Variable, rule: string): void => void errors.push(`${name} ${rule}`);
  const text = (name: Variable): string => env[name]?.trim() ?? "";
  const list = (name: Variable, separator: RegExp): readonly string[] => {
    const items = splitList(text(name), separator);
    if (items === null) refuse(name, "is no JSON array of text");
    return items ?? [];
  };
  const seconds = (name: Variable, fallback: number, min: number, max: number): number => {
    const value = text(name) === "" ? fallback : Number(text(name));
    if (!(value >= min && value <= max)) refuse(name, `must be a number of seconds from ${min} to ${max}`);
    return value * 1000;
  };
  const flag = (name: Variable): boolean => {
    if (!["", "true", "false"].includes(text(name))) refuse(name, "must be true or false");
    return text(name) === "true";
  };
  const tokens = (name: "EXPORTER_TOKEN" | "NUDGE_TOKEN"): (() => readonly string[]) => {
    const path = text(`${name}_FILE`);
    if (path !== "" && text(name) !== "") refuse(name, `and ${name}_FILE exclude each other`);
    let known: readonly string[] = splitList(text(name), /[,\s]+/) ?? [];
    const read = (): readonly string[] => {
      if (path === "") return known;
      try {
        known = splitList(readFileSync(path, "utf8"), /[,\s]+/) ?? [];
      } catch {
        // While a mounted Secret is replaced the file may be gone for a moment: the last tokens hold.
      }
      return known;
    };
    if (read().length === 0) refuse(path === "" ? name : `${name}_FILE`, "holds no token");
    if (read().some((token) => token.length < MIN_TOKEN_CHARACTERS)) {
      refuse(name, `must have at least ${MIN_TOKEN_CHARACTERS} characters`);
    }
    return read;
  };

  const directory = text("SECRETS_DIR") || null;
  if (directory !== null && statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    refuse("SECRETS_DIR", "is no directory");
  }
  const cluster = text("CLUSTER") || "default";
  if (!DNS_LABEL.test(cluster)) refuse("CLUSTER", "must be a DNS label of at most 63 characters");
  const selectorTexts = list("TARGET_LABEL_SELECTORS", /[;\n]+/);
  const selectors = (selectorTexts.length === 0 ? [DEFAULT_SELECTOR] : selectorTexts).flatMap((item) => {
    const selector = readSelector(item);
    if (!selector.ok) refuse("TARGET_LABEL_SELECTORS", selector.error);
    return selector.ok ? [selector.value] : [];
  });
  const named = list("TARGET_NAMESPACES", /[,;\s]+/);
  const namespaces = named.length > 0 ? named : directory === null ? ["default"] : ["*"];
  const isAll = namespaces.includes("*");
  if (isAll ? namespaces.length > 1 : !namespaces.every((name) => DNS_LABEL.test(name))) {
    refuse("TARGET_NAMESPACES", "must be names of namespaces, or * alone");
  }
  const port = Number(text("PORT") || "8080");
  if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse("PORT", "must be a port");
  const logLevel = LOG_LEVELS.find((level) => level === (text("LOG_LEVEL") || "info"));
  if (logLevel === undefined) refuse("LOG_LEVEL", `must be one of ${LOG_LEVELS.join(", ")}`);
  const allowedPorts = list("ALLOW_TARGET_PORTS", /[,;\s]+/);
  if (!allowedPorts.every((item) => /^\d{1,5}$/.test(item)) && text("ALLOW_TARGET_PORTS") !== "true") {
    refuse("ALLOW_TARGET_PORTS", "must be ports, or true");
  }
  const httpHosts = text("ALLOW_HTTP_TARGETS");
  const nudgeUrl = URL.parse(text("NUDGE_URL"));
  if (text("NUDGE_URL") !== "" && !/^https?:$/.test(nudgeUrl?.protocol ?? "")) refuse("NUDGE_URL", "is no http(s) URL");
  for (const name of ["NUDGE_TOKEN", "NUDGE_TOKEN_FILE"] as const) {
    if (text("NUDGE_URL") === "" && text(name) !== "") refuse(name, "is of no use without NUDGE_URL");
  }
  const config: Config = {
    cluster,
    directory,
    selectors,
    namespaces: isAll ? null : [...new Set(namespaces)],
    // A laptop offers its secrets to itself; in a Pod, the NetworkPolicy says to whom.
    host: text("HOST") || (directory === null ? null : "127.0.0.1"),
    port,
    tokens: tokens("EXPORTER_TOKEN"),
    relistMs: seconds("RELIST_SECONDS", 600, 10, 86_400),
    nudge:
      nudgeUrl === null
        ? null
        : {
            url: nudgeUrl.href,
            tokens: tokens("NUDGE_TOKEN"),
            debounceMs: seconds("NUDGE_DEBOUNCE_SECONDS", 0.3, 0, 300),
          },
    addresses: {
      allowHttpHosts: httpHosts === "true" || (httpHosts === "false" ? [] : list("ALLOW_HTTP_TARGETS", /[,;\s]+/)),
      allowPrivate: flag("ALLOW_PRIVATE_TARGETS"),
      allowPorts: text("ALLOW_TARGET_PORTS") === "true" || allowedPorts.map(Number),
    },
    logLevel: logLevel ?? "info",
    shutdownDelayMs: seconds("SHUTDOWN_DELAY_SECONDS", directory === null ? 5 : 0, 0, 60),
  };
  return errors.length === 0 ? ok(config) : err(errors);
};
