/** Many clusters, slow ones among them: a run ends, and whoever was not asked is first in the next. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { entry, exporter } from "../support/exporter.ts";
import { watchOutside } from "../support/outside.ts";
import { cluster, configure, goOn, names, startClock, sync } from "../support/registry.ts";

watchOutside();
const ALL = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"];
const exporters = new Map(ALL.map((name) => [name, exporter(name)]));
const asked = (): string[] => ALL.filter((name) => (exporters.get(name)?.received.length ?? 0) > 0);

beforeEach(startClock);
afterEach(() => vi.useRealTimers());

test("slow clusters keep no other from being read in the end", async () => {
  const { CLUSTERS } = env as unknown as { CLUSTERS: string };
  const [like] = JSON.parse(CLUSTERS) as object[];
  await configure({
    CLUSTERS: JSON.stringify(ALL.map((name) => ({ ...like, name, url: `https://${name}.exporter.test` }))),
  });
  for (const one of exporters.values()) {
    one.answer = () => {
      goOn(31_000);
      return new Response("", { status: 500 });
    };
  }
  await sync();
  const first = asked();
  expect(first).toHaveLength(5);
  for (const [name, one] of exporters) {
    one.received.length = 0;
    one.serve([entry(`t-${name}`)]);
  }
  await sync();
  expect(asked()).toEqual(ALL);
  expect(await names()).toEqual(ALL.map((name) => `t-${name}`));
  for (const name of ALL) expect(await cluster(name)).toMatchObject({ error: null, frozenSince: null });

  // Again slow: those asked least recently come first.
  for (const one of exporters.values()) one.received.length = 0;
  for (const one of exporters.values()) {
    one.answer = () => {
      goOn(31_000);
      return new Response("", { status: 500 });
    };
  }
  await sync();
  const second = asked();
  await sync();
  expect(asked()).toEqual(ALL);
  expect(second).toHaveLength(5);
  expect(await names()).toHaveLength(ALL.length);
});
