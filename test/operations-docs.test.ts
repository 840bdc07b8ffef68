/** What operators read is complete: every variable the Worker has is in the table of docs/operations.md. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { declaredVariables } from "../src/local/variables.ts";

const declared = ["src/worker/env.ts", "src/worker/bindings.d.ts"].flatMap((file) =>
  declaredVariables(readFileSync(file, "utf8")),
);
const page = readFileSync("docs/operations.md", "utf8");
const documented = new Set(
  [...page.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map((match) => match[1] ?? ""),
  ),
);

test("every variable of the Worker is documented", () => {
  expect(declared.length).toBeGreaterThan(20);
  expect(declared.filter((name) => !documented.has(name))).toEqual([]);
});

test("the template for secrets holds nothing that need not be one", () => {
  const names = [...readFileSync(".dev.vars.example", "utf8").matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(
    ([, name = ""]) => name,
  );
  const secrets = [...page.matchAll(/^\| (.*?\(secrets?\).*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map((match) => match[1] ?? ""),
  );
  expect(names.length).toBeGreaterThan(3);
  expect(names.filter((name) => !secrets.includes(name))).toEqual([]);
});
