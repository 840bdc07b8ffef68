/** Holds the boundaries of DESIGN section 4 and shows that the check of them can fail. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { breachesOf, type SourceFile } from "./support/architecture.ts";

const read = (...patterns: string[]): SourceFile[] =>
  patterns
    .flatMap((pattern) => globSync(pattern))
    .map((path) => ({ path: path.replaceAll("\\", "/"), text: readFileSync(path, "utf8") }));

const source = read("src/**/*.ts", "src/**/*.tsx");

describe("the source", () => {
  test("is read", () => {
    expect(source.length).toBeGreaterThan(50);
  });

  test("keeps to the boundaries", () => {
    expect(breachesOf(source)).toEqual([]);
  });

  test("and what stands beside it bear no trace of how they were made", () => {
    const others = read("test/**/*.ts", "docs/**/*.md", "*.md", "*.toml", "migrations/*.sql");
    const tested = others.filter(({ path }) => !/architecture(\.test)?\.ts$/.test(path));
    expect(breachesOf(tested)).toEqual([]);
  });
});

describe("the check fails for", () => {
  test.each([
    ["a stage that imports a later one", "src/core/filter/x.ts", 'import { a } from "../route/a.ts";'],
    ["the same for a type", "src/core/alert/x.ts", 'import type { A } from "../publish/a.ts";'],
    ["the same over several lines", "src/core/alert/x.ts", 'import {\n  a,\n  b,\n} from "../messages.ts";'],
    ["the same by re-export", "src/core/dedup/x.ts", 'export { a } from "../history/a.ts";'],
    ["a folder that is no stage", "src/core/helpers/x.ts", "export const a = 1;"],
    ["a foreign package in core", "src/core/alert/x.ts", 'import { Hono } from "hono";'],
    ["a Node module in core", "src/core/alert/x.ts", 'import { readFileSync } from "node:fs";'],
    ["a dynamic import in core", "src/core/alert/x.ts", 'export const a = () => import("node:fs");'],
    ["core on the worker", "src/core/pipeline.ts", 'import type { B } from "../worker/env.ts";'],
    ["the worker on the exporter", "src/worker/x.ts", 'import { a } from "../exporter/a.ts";'],
    ["the worker on the local run", "src/worker/x.ts", 'import { a } from "../local/a.ts";'],
    ["the exporter on the pipeline", "src/exporter/x.ts", 'import { a } from "../core/pipeline.ts";'],
    ["the exporter on the worker", "src/exporter/x.ts", 'import { a } from "../worker/a.ts";'],
    ["the dashboard on code of the worker", "src/dashboard/x.ts", 'import { a } from "../worker/a.ts";'],
    ["the present time in core", "src/core/alert/x.ts", "export const a = () => Date.now();"],
    ["a date of now in core", "src/core/alert/x.ts", "export const a = () => new Date().getTime();"],
    ["chance in core", "src/core/alert/x.ts", "export const a = () => Math.random();"],
    ["the network in core", "src/core/alert/x.ts", 'export const a = () => fetch("https://x.example");'],
    ["crypto in core", "src/core/alert/x.ts", "export const a = () => crypto.randomUUID();"],
    ["a long file", "src/worker/x.ts", "export const a = 1;\n".repeat(251)],
    ["a path of one machine", "docs/x.md", "see /home/someone/alerts"],
    ["an open end", "src/worker/x.ts", "// TODO: later"],
  ])("%s", (_, path, text) => {
    const breaches = breachesOf([{ path, text }]);
    expect(breaches).toHaveLength(1);
    expect(breaches[0]).toMatch(`${path}: `);
  });

  test.each([
    ["an earlier stage", "src/core/route/x.ts", 'import { a } from "../alert/a.ts";'],
    ["its own stage", "src/core/route/x.ts", 'import { a } from "./a.ts";'],
    ["a given time", "src/core/alert/x.ts", "export const a = (ms: number) => new Date(ms);"],
    ["a comment that names the clock", "src/core/alert/x.ts", "// Date.now() is not for us\nexport const a = 1;"],
    ["a text that names it", "src/core/alert/x.ts", 'export const a = "crypto";'],
    ["types of the worker in the dashboard", "src/dashboard/x.ts", 'import type { A } from "../worker/app.ts";'],
    ["the target schema in the exporter", "src/exporter/x.ts", 'import { a } from "../core/route/target.ts";'],
  ])("but not for %s", (_, path, text) => {
    expect(breachesOf([{ path, text }])).toEqual([]);
  });
});
