/**
 * What a browser loads for the first page, compressed: the document, its style, its icon, its script and whatever that
 * imports at once. What is loaded later, charts and other pages, is listed and not counted. Fails above the goal.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ASSETS, buildDashboard } from "../../src/local/build-dashboard.ts";
import { startReport } from "../e2e/report.ts";

/** DESIGN section 8: 60 kB. */
const GOAL_BYTES = 60_000;

/** Gzip at its best: browsers that take Brotli load less. */
const compressed = (path: string): number => gzipSync(readFileSync(join(ASSETS, path)), { level: 9 }).length;

const AT_ONCE = /(?<![\w$.])(?:import|export)(?:[^"'();]*?from)?\s*["']\.\/([\w.-]+\.js)["']/g;
const LATER = /import\(["']\.\/([\w.-]+\.js)["']\)/g;

const namesIn = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? "");

/** A script and everything it imports at once. */
const withImports = (name: string, seen = new Set<string>()): Set<string> => {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const other of namesIn(readFileSync(join(ASSETS, "assets", name), "utf8"), AT_ONCE)) withImports(other, seen);
  return seen;
};

await buildDashboard();
const html = readFileSync(join(ASSETS, "index.html"), "utf8");
const named = [...html.matchAll(/(?:href|src)="\/([^"]+)"/g)].map((match) => match[1] ?? "");
const scripts = withImports("main.js");
const first = new Set(["index.html", ...named, ...[...scripts].map((name) => `assets/${name}`)]);
const later = new Set(
  [...scripts].flatMap((name) => namesIn(readFileSync(join(ASSETS, "assets", name), "utf8"), LATER)),
);

let total = 0;
for (const path of [...first].toSorted()) {
  total += compressed(path);
  console.log(`     ${String(compressed(path)).padStart(6)} ${path}`);
}
for (const name of [...later].toSorted())
  console.log(`     ${String(compressed(`assets/${name}`)).padStart(6)} later: ${name}`);
const report = startReport();
report.check("the first page has its script, its style and pages that come later", first.size >= 4 && later.size >= 5);
report.check(
  `the first load is ${total} of at most ${GOAL_BYTES} bytes`,
  total <= GOAL_BYTES,
  `${total - GOAL_BYTES} too many`,
);
report.finish();
