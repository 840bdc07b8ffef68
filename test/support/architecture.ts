/** The rules of DESIGN section 4 as one function from source files to breaches, so that they can be tried on bad ones. */
import { transformSync } from "esbuild";

export interface SourceFile {
  /** From the top of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** The stages in order: a file imports its own stage or one to the left. */
export const STAGES = [
  "result",
  "alert",
  "ingest",
  "dedup",
  "classify",
  "filter",
  "route",
  "group",
  "publish",
  "history",
  "messages",
  "ports",
  "pipeline",
] as const;

/** Pure packages that core may use. */
const CORE_PACKAGES = ["zod", "yaml", "re2js", "liquidjs", "ipaddr.js", "jsonpath-rfc9535"];

/** What the exporter shares with the Worker: the schema of targets and what that stands on. */
const EXPORTER_CORE = ["result", "alert", "route"];

/** A longer file has a second purpose. */
const MAX_LINES = 250;

/** The clock, chance and the platform: core gets them as arguments. Looked for in code without types, comments and texts. */
const IMPURE: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bDate\.now\b/, "Date.now"],
  [/\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()/, "new Date() without a time"],
  [/(?<!new )(?<![.\w])Date\(/, "Date()"],
  [/\bMath\.random\b/, "Math.random"],
  [/(?<![.\w])fetch\(/, "fetch"],
  [/(?<![.\w])crypto\b/, "crypto"],
  [/\bglobalThis\b/, "globalThis"],
  [/\bperformance\.now\b/, "performance.now"],
];

/** Traces of how and where something was made, which say nothing to its reader. */
const TRACES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/(?<![\w.:/-])\/(?:work|home|root|Users|mnt)\/\w/, "a path of one machine"],
  [/\b(?:task|ticket|issue|wave) ?#?\d+\b/i, "a task number"],
  [/\b(?:TODO|FIXME|XXX)\b/, "an open end"],
];

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

const IMPORT = /^(?:import|export)\s+(type\s)?[^;"']*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;

const importsOf = (text: string): Import[] =>
  [...text.matchAll(IMPORT)].map((match) => ({
    typeOnly: match[1] !== undefined,
    from: match[2] ?? match[3] ?? match[4] ?? "",
  }));

/** The path a relative import leads to. */
const resolvePath = (path: string, from: string): string => {
  const parts = path.split("/").slice(0, -1);
  for (const part of from.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
};

const packageOf = (from: string): string =>
  from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/");

/** `core`, `worker` … */
const partOf = (path: string): string => path.split("/")[1] ?? "";

/** `alert`, `messages` …; of a file of core. */
const stageOf = (path: string): string => (path.split("/")[2] ?? "").replace(/(\.d)?\.ts$/, "");

/** Which parts a part may import from, beside itself. `types` allows no more than types. */
const PARTS: Readonly<Record<string, Readonly<Record<string, "all" | "types">>>> = {
  core: {},
  worker: { core: "all" },
  dashboard: { core: "all", worker: "types" },
  exporter: { core: "all" },
  local: { core: "all", exporter: "all" },
};

/** The Worker itself under a clock that can be set, for the past of the demo. */
const WRAPPERS = ["src/local/demo-worker/index.ts"];

const breachOfImport = (file: SourceFile, { from, typeOnly }: Import): string | null => {
  const part = partOf(file.path);
  if (!from.startsWith(".")) {
    const allowed = part !== "core" || CORE_PACKAGES.includes(packageOf(from));
    return allowed ? null : `core must not import the package ${from}`;
  }
  const target = resolvePath(file.path, from);
  const targetPart = partOf(target);
  if (!target.startsWith("src/")) return `${from} leads out of src`;
  if (targetPart !== part) {
    const permission = PARTS[part]?.[targetPart];
    if (targetPart === "worker" && WRAPPERS.includes(file.path)) return null;
    if (permission === undefined) return `${part} must not import ${targetPart}`;
    if (permission === "types" && !typeOnly) return `${part} may import only types of ${targetPart}`;
    if (part === "exporter" && !EXPORTER_CORE.includes(stageOf(target)))
      return `the exporter must not import ${target}`;
    return null;
  }
  if (part !== "core") return null;
  const own = STAGES.indexOf(stageOf(file.path) as (typeof STAGES)[number]);
  const other = STAGES.indexOf(stageOf(target) as (typeof STAGES)[number]);
  return other <= own ? null : `${stageOf(file.path)} must not import ${stageOf(target)}: it comes later`;
};

/** Code alone: without comments, types and the texts in it. */
const codeOf = (text: string): string =>
  transformSync(text, { loader: "ts", legalComments: "none" }).code.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');

const breachesOfCore = (file: SourceFile): string[] => {
  if (!file.path.startsWith("src/core/") || file.path.endsWith(".d.ts")) return [];
  const known = (STAGES as readonly string[]).includes(stageOf(file.path));
  const code = codeOf(file.text);
  const impure = IMPURE.filter(([pattern]) => pattern.test(code)).map(([, name]) => `core must not use ${name}`);
  return known ? impure : [`${stageOf(file.path)} is no stage: give it its place in the order`, ...impure];
};

const breachOfLength = ({ text }: SourceFile): string[] => {
  const lines = text.trimEnd().split("\n").length;
  return lines > MAX_LINES ? [`${lines} lines: a file has at most ${MAX_LINES}`] : [];
};

const isGenerated = (path: string): boolean => path === "src/worker/bindings.d.ts";

/** Every breach as `path: what`. Files outside src are only searched for traces. */
export const breachesOf = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path }) => !isGenerated(path))
    .flatMap((file) => {
      const traces = TRACES.filter(([pattern]) => pattern.test(file.text)).map(([, name]) => `holds ${name}`);
      const rules = !file.path.startsWith("src/")
        ? []
        : [
            ...importsOf(file.text).flatMap((imported) => breachOfImport(file, imported) ?? []),
            ...breachesOfCore(file),
            ...breachOfLength(file),
          ];
      return [...rules, ...traces].map((breach) => `${file.path}: ${breach}`);
    });
