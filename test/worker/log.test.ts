import { afterEach, expect, test, vi } from "vitest";
import { logError, logInfo, logWarn } from "../../src/worker/log.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const linesOf = (act: () => void): Record<string, unknown>[] => {
  const lines: Record<string, unknown>[] = [];
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((text: string) => {
      lines.push(JSON.parse(text) as Record<string, unknown>);
    });
  }
  act();
  return lines;
};
const all = () => {
  logInfo("a");
  logWarn("b");
  logError("c", new Error("x"));
};

test.each([
  ["info", ["a", "b", "c"]],
  ["warn", ["b", "c"]],
  ["error", ["c"]],
  ["nonsense", ["a", "b", "c"]],
])("LOG_LEVEL %s writes %j", (level, events) => {
  vi.stubEnv("LOG_LEVEL", level);
  expect(linesOf(all).map(({ event }) => event)).toEqual(events);
});

test("a line says its level, what happened and whose request it was", () => {
  expect(linesOf(() => logInfo("ingest.stored", { requestId: "r-1", received: 2 }))).toEqual([
    { level: "info", event: "ingest.stored", requestId: "r-1", received: 2 },
  ]);
});

test("the text of an error bears no credential", () => {
  const [line] = linesOf(() =>
    logError("x", new TypeError("fetch https://hooks.slack.com/services/T000/B000/abcdefghijklmnopqrstuvwx failed")),
  );
  expect(line?.error).toMatch(/^TypeError: /);
  expect(line?.error).not.toContain("abcdefghijklmnopqrstuvwx");
});

test("a Worker that runs sees LOG_LEVEL of its variables", async () => {
  const { env } = await import("cloudflare:workers");
  const seen = (globalThis as { process?: { env: Record<string, string> } }).process?.env.LOG_LEVEL;
  expect(seen).toBe(env.LOG_LEVEL);
});
