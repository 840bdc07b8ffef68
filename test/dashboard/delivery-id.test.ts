import { describe, expect, test } from "vitest";
import { mayTell, targetOf } from "../../src/dashboard/delivery-id.ts";
import { ledgerId } from "../../src/worker/db/ledger.ts";

const id = (subject: string): string => ledgerId({ at: 1_764_000_000_000, seq: 3, replay: 0, target: "chat", subject });
const ALERT = "0123456789abcdef";

describe("the id of a notification, as the live feed names it", () => {
  test("says its target", () => {
    expect(targetOf(id(ALERT))).toBe("chat");
  });
  test.each([
    ["the alert's own", ALERT, true],
    ["another alert's", "fedcba9876543210", false],
    ["a group's, which may hold it", "g0123456789abcdef", true],
    ["a digest's, which may hold it", "digest:1.5", true],
  ])("is of interest to an alert: %s", (_, subject, expected) => {
    expect(mayTell(id(subject), ALERT)).toBe(expected);
  });
});
