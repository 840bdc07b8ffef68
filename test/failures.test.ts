/** What the end of a failed run says, held against what steps really print. */
import { expect, test } from "vitest";
import { failedTests, tellFailures } from "./support/failures.ts";

test("a script's failed checks are told with their reasons, and nothing else", () => {
  const output = "ok   one\nFAIL two\n     Error: why\n         at x\nok   three\nFAIL four\n2 passed, 2 failed\n";
  expect(tellFailures([{ name: "reach", names: [], output }])).toEqual([
    "\n--- reach failed",
    ...["FAIL two", "     Error: why", "         at x", "FAIL four"],
  ]);
});

test("vitest's failures are told by name, then as it gives them", () => {
  const files = [
    {
      name: "/a.test.ts",
      status: "failed",
      message: "",
      assertionResults: [
        { status: "passed", fullName: "holds" },
        { status: "failed", fullName: "breaks" },
        { status: "pending", fullName: "never ran" },
      ],
    },
    { name: "/b.test.ts", status: "failed", message: "no such module\n  at b", assertionResults: [] },
  ];
  const output = " ❯ a.test.ts\n\u001b[31m⎯⎯ Failed Tests 1 ⎯⎯\u001b[39m\n\nAssertionError: expected 1 to be 2\n";
  expect(tellFailures([{ name: "tests", names: failedTests(files), output }])).toEqual([
    "\n--- tests failed",
    "FAIL /a.test.ts > breaks (failed)",
    "FAIL /a.test.ts > never ran (pending)",
    "FAIL /b.test.ts: no such module",
    ...["⎯⎯ Failed Tests 1 ⎯⎯", "", "AssertionError: expected 1 to be 2"],
  ]);
});

test("what gives no reason of its own is told by its end", () => {
  const output = Array.from({ length: 500 }, (_, i) => `line ${i}`).join("\n");
  const told = tellFailures([{ name: "build", names: [], output }]);
  expect(told.at(-1)).toBe("line 499");
  expect(told.length).toBeLessThan(100);
});

test("many failures stay short enough, with the names of each step", () => {
  const names = Array.from({ length: 300 }, (_, i) => `FAIL test ${i}`);
  const steps = ["one", "two", "three"].map((name) => ({ name, names, output: "x".repeat(2_000) }));
  const told = tellFailures(steps);
  expect(told.length).toBeLessThanOrEqual(200);
  expect(Math.max(...told.map(({ length }) => length))).toBeLessThan(500);
  expect(told.filter((line) => line === "FAIL test 0")).toHaveLength(3);
});
