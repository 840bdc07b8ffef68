/** The Secrets that Alert History offers to fill in are read as what they say, once they are. */
import { expect, test } from "vitest";
import { parse } from "yaml";
import { checkTemplate } from "../../src/core/publish/template.ts";
import { FORMATS } from "../../src/core/route/target.ts";
import { secretTemplates } from "../../src/worker/secret-templates.ts";
import { KEY, map } from "./mapping.ts";

interface Manifest {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly stringData: Record<string, string>;
}

const filled = (value: string): string =>
  value === "<32 characters>" ? KEY : value.replace("<host>", "hooks.example.com").replace(/<[^>]*>/g, "12345");

test.each(FORMATS)("%s", (format) => {
  const [template, ...others] = secretTemplates(format);
  expect(others).toEqual([]);
  const { metadata, stringData } = parse(template!.manifest) as Manifest;
  const values = Object.fromEntries(Object.entries(stringData).map(([key, value]) => [key, filled(value)]));
  const { target, warnings } = map(values, metadata.labels);
  expect([target.format, target.name, warnings]).toEqual([format, format, []]);
  if (target.options.template !== undefined) expect(checkTemplate(target.options.template)).toEqual([]);
});
