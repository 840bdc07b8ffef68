import { describe, expect, test } from "vitest";
import { readConfig } from "../../../../src/core/route/config.ts";

const MINUTE = 60_000;
const read = (block: string) => readConfig(`route:\n  receiver: a\nreceivers:\n  - name: a\n${block}\n`);

describe("blocks on alerts that come together", () => {
  test("without them nothing is held back, joined or told as one", () => {
    const found = read("");
    expect(found.ok && found.value.config).toMatchObject({ correlation: null, storm: null, flapping: null });
  });

  test("an empty block is a storm of more than 50 in a minute, and four changes a quarter of an hour apart", () => {
    const found = read("storm: {}\nflapping: {}");
    expect(found.ok && found.value.config).toMatchObject({
      storm: { moreThan: 50, withinMs: MINUTE },
      flapping: { transitions: 4, settleMs: 15 * MINUTE },
    });
  });

  test("what is written is read", () => {
    const found = read(
      "storm: { more_than: 10, within: 30s }\nflapping: { transitions: 6, settle: 1h }\ncorrelation: { labels: [cluster], within: 48h, window: fixed }",
    );
    expect(found.ok && found.value.config).toMatchObject({
      storm: { moreThan: 10, withinMs: MINUTE / 2 },
      flapping: { transitions: 6, settleMs: 60 * MINUTE },
      correlation: { labels: ["cluster"], withinMs: 48 * 60 * MINUTE, window: "fixed" },
    });
  });

  test.each<[block: string, path: string]>([
    ["storm: { more_than: 1 }", "/storm/more_than"],
    ["storm: { within: 2h }", "/storm/within"],
    ["storm: { labels: [a] }", "/storm/labels"],
    ["flapping: { transitions: 2 }", "/flapping/transitions"],
    ["flapping: { settle: 10s }", "/flapping/settle"],
    ["correlation: { labels: [a], within: 59s }", "/correlation/within"],
    ["correlation: { labels: [a], within: 49h }", "/correlation/within"],
    ["correlation: { labels: [a], within: 1h, window: sliding }", "/correlation/window"],
    ["correlation: { labels: [], within: 1h }", "/correlation/labels"],
  ])("%s is refused where it stands", (block, path) => {
    const found = read(block);
    expect(found.ok ? [] : found.error.map((defect) => defect.path)).toEqual([path]);
  });
});
