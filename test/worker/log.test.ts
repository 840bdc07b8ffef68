import { afterEach, expect, test, vi } from "vitest";
import { logDebug, logError, logInfo, logWarn } from "../../src/worker/log.ts";
import { eventually, send } from "../support/api.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const linesOf = (act: () => void): Record<string, unknown>[] => {
  const lines: Record<string, unknown>[] = [];
  for (const level of ["debug", "info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((text: string) => {
      lines.push(JSON.parse(text) as Record<string, unknown>);
    });
  }
  act();
  return lines;
};
const all = () => {
  logDebug("z");
  logInfo("a");
  logWarn("b");
  logError("c", new Error("x"));
};

test.each([
  ["debug", ["z", "a", "b", "c"]],
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

test("no text bears a credential, whatever field it is in; ids stay readable", () => {
  const key = "sk-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH";
  const [line] = linesOf(() =>
    logInfo("x", { reason: `refused ${key}`, requestId: "0f8fad5b-d9cb-469f-a165-70867728950e" }),
  );
  expect(JSON.stringify(line)).not.toContain(key);
  expect(line?.requestId).toBe("0f8fad5b-d9cb-469f-a165-70867728950e");
});

test("from the request to the decision every line bears an id that leads on", async () => {
  const lines: Record<string, unknown>[] = [];
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((text: string) => {
      lines.push(JSON.parse(text) as Record<string, unknown>);
    });
  }
  const { json } = await send({ alertname: "Followed", password: "hunter2-hunter2" });
  const decided = await eventually(
    async () => lines.filter(({ event, receiptId }) => event === "alert.decided" && receiptId === json.receipt_id),
    (found) => found.length === 1,
  );
  expect(lines).toContainEqual(
    expect.objectContaining({ event: "ingest.stored", requestId: json.request_id, receiptId: json.receipt_id }),
  );
  expect(decided[0]).toMatchObject({ level: "info", kind: "new", severity: "warning" });
  const refused = await send({ nothing: true });
  expect(lines).toContainEqual(
    expect.objectContaining({
      event: "http.refused",
      requestId: refused.headers.get("x-request-id"),
      status: 400,
      problem: "nothing-usable",
      endpoint: "/webhook",
    }),
  );
  expect(JSON.stringify(lines)).not.toMatch(/hunter2|Followed|test-ingest/);
});

test("a Worker that runs sees LOG_LEVEL of its variables", async () => {
  const { env } = await import("cloudflare:workers");
  const seen = (globalThis as { process?: { env: Record<string, string> } }).process?.env.LOG_LEVEL;
  expect(seen).toBe(env.LOG_LEVEL);
});
