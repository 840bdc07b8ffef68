import { describe, expect, test } from "vitest";
import { keyOf } from "../../../src/core/publish/key.ts";
import { DETAILS, tell } from "../../../src/core/publish/story.ts";
import { SITUATIONS } from "../../contract/notifications.ts";
import { targetOf } from "../../contract/targets.ts";

const story = (name: string) => tell(SITUATIONS[name]!, DETAILS[0]!);

describe("a storm", () => {
  test("says how many alerts it is, how many fire, and lists some", () => {
    const { title, status, lines, more } = story("a storm");
    expect([title, status, lines.length, more]).toEqual([
      "Storm of 450 alerts: HighCPU",
      "40 firing, 10 resolved, 400 not listed",
      10,
      440,
    ]);
  });

  test("is one incident at a pager, also when one alert of it is left", () => {
    const pager = targetOf({ format: "pagerduty", type: "pagerduty" });
    const [many, last] = ["a storm", "the last of a storm"].map((name) => keyOf(SITUATIONS[name]!, pager, "alert"));
    expect(last).toBe(many);
    expect(last).not.toBe(SITUATIONS["the last of a storm"]!.alerts[0]!.fingerprint);
  });
});

test("that an alert flaps, and no longer does, is said in words", () => {
  expect(story("flapping").status).toBe("firing, started flapping: told again when it has settled");
  expect(story("no longer flapping").status).toBe("firing, stopped flapping");
});
