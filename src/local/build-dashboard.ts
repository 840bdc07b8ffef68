/** Builds the dashboard into the folder that is served as static assets; wrangler runs it before every start and deploy. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { ROOT } from "./files.ts";

const SOURCE = join(ROOT, "src/dashboard");
export const ASSETS = join(ROOT, ".build/dashboard-assets");

/** Every page is the same document under its own path, so that no path of the API is ever answered by it. */
const PAGES = ["alerts", "incidents", "targets", "deliveries", "dead-letters", "classification", "routing", "silences"]
  .concat("settings")
  // Those of the older dashboard, which are read by scripts as well as by browsers.
  .concat("dashboard", "dashboard/modern", "dashboard/publishing", "dashboard/targets", "dashboard/llm-metrics");

/** The API's documentation under its address and the older ones. */
const API_PAGES = ["api/docs", "docs", "redoc", "api/redoc"];
const API_FILES = ["swagger-ui-bundle.js", "swagger-ui.css"];

/** Every file that is served, by its path in the folder of assets. */
const makeAssets = async (): Promise<Map<string, Uint8Array>> => {
  const files = new Map<string, Uint8Array>();
  const { outputFiles } = await build({
    entryPoints: [join(SOURCE, "main.tsx"), join(SOURCE, "style/main.css")],
    outdir: join(ASSETS, "assets"),
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    write: false,
    jsx: "automatic",
    jsxImportSource: "preact",
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    legalComments: "none",
    logLevel: "warning",
  });
  for (const { path, contents } of outputFiles) files.set(relative(ASSETS, path), contents);
  const pages = join(SOURCE, "public");
  for (const entry of readdirSync(pages, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(relative(pages, path), readFileSync(path));
  }
  for (const page of PAGES) files.set(`${page}.html`, readFileSync(join(pages, "index.html")));
  for (const page of API_PAGES) files.set(`${page}.html`, readFileSync(join(pages, "api-docs/index.html")));
  for (const name of API_FILES) {
    files.set(join("api-docs", name), readFileSync(join(ROOT, "node_modules/swagger-ui-dist", name)));
  }
  return files;
};

/**
 * Brings the folder of assets up to date. A service may be serving them, or another build be under way: what is the same
 * is not touched, what differs is replaced whole, and what an older build left behind goes at the end.
 */
export const buildDashboard = async (): Promise<void> => {
  const files = await makeAssets();
  for (const [path, contents] of files) {
    const file = join(ASSETS, path);
    if (existsSync(file) && readFileSync(file).equals(contents)) continue;
    mkdirSync(dirname(file), { recursive: true });
    const fresh = join(dirname(ASSETS), `${randomUUID()}.new`);
    writeFileSync(fresh, contents);
    renameSync(fresh, file);
  }
  for (const name of readdirSync(join(ASSETS, "assets"))) {
    if (!files.has(join("assets", name))) rmSync(join(ASSETS, "assets", name), { force: true });
  }
};

/** Builds where nothing has been built yet. */
export const buildDashboardOnce = async (): Promise<void> => {
  if (!existsSync(join(ASSETS, "index.html"))) await buildDashboard();
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard();
