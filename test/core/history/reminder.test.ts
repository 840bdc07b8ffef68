import { expect, test } from "vitest";
import { reminderNumber, replayOf } from "../../../src/core/history/event.ts";

test("numbers of replays and of reminders never meet", () => {
  expect([0, 1, 999].map(replayOf)).toEqual([0, 1, 999]);
  expect([2, 3].map(reminderNumber).map(replayOf)).toEqual([0, 0]);
  expect(replayOf(reminderNumber(2) + 1)).toBe(1);
  expect(reminderNumber(3) - reminderNumber(2)).toBeGreaterThan(1);
});
