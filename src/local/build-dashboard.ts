/** Builds the dashboard into the folder that is served as static assets; wrangler runs it before every start and deploy. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
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

/** Writes all assets; what an older build left behind goes at the end, so that a running page finds its parts meanwhile. */
export const buildDashboard = async (): Promise<void> => {
  mkdirSync(join(ASSETS, "assets"), { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(SOURCE, "main.tsx"), join(SOURCE, "style/main.css")],
    outdir: join(ASSETS, "assets"),
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    metafile: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    legalComments: "none",
    logLevel: "warning",
  });
  for (const name of readdirSync(join(SOURCE, "public")))
    cpSync(join(SOURCE, "public", name), join(ASSETS, name), { recursive: true });
  mkdirSync(join(ASSETS, "dashboard"), { recursive: true });
  for (const page of PAGES) cpSync(join(SOURCE, "public/index.html"), join(ASSETS, `${page}.html`));
  mkdirSync(join(ASSETS, "api"), { recursive: true });
  for (const page of API_PAGES) cpSync(join(SOURCE, "public/api-docs/index.html"), join(ASSETS, `${page}.html`));
  for (const name of API_FILES) {
    cpSync(join(ROOT, "node_modules/swagger-ui-dist", name), join(ASSETS, "api-docs", name));
  }
  const made = new Set(Object.keys(metafile.outputs).map((path) => path.split("/").at(-1)));
  for (const name of readdirSync(join(ASSETS, "assets"))) {
    if (!made.has(name)) rmSync(join(ASSETS, "assets", name));
  }
};

/** Builds where nothing has been built yet. */
export const buildDashboardOnce = async (): Promise<void> => {
  if (!existsSync(join(ASSETS, "index.html"))) await buildDashboard();
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard();
