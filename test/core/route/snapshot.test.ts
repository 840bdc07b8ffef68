import { expect, test } from "vitest";
import { type Snapshot, snapshotSchema } from "../../../src/core/route/snapshot.ts";

const snapshot: Snapshot = {
  version: 1,
  cluster: "prod-eu",
  generated_at: "2026-01-01T10:00:00.000Z",
  complete: false,
  namespaces: [
    { name: "alerts", status: "ok" },
    { name: "other", status: "forbidden", error: "403" },
  ],
  targets: [
    { namespace: "alerts", secret: "a", resource_version: "7", target: { name: "a", any: [1] }, warnings: ["w"] },
    { namespace: "alerts", secret: "b", target: {}, warnings: [] },
  ],
  invalid: [{ namespace: "alerts", secret: "c", reason: "missing_url", detail: "url is missing" }],
};

test("an answer is read as it was written", () => {
  expect(snapshotSchema.parse(JSON.parse(JSON.stringify(snapshot)))).toEqual(snapshot);
});

test("what a later exporter adds is left out, so that an older Worker goes on", () => {
  expect(snapshotSchema.parse({ ...snapshot, hint: "new" })).toEqual(snapshot);
});

test.each<[string, object]>([
  ["another version", { version: 2 }],
  ["no cluster", { cluster: undefined }],
  ["a time that is none", { generated_at: "now" }],
  ["an unknown status", { namespaces: [{ name: "a", status: "fine" }] }],
  ["a target that is no object", { targets: [{ namespace: "a", secret: "a", target: "x", warnings: [] }] }],
  ["an unknown reason", { invalid: [{ namespace: "a", secret: "a", reason: "bad", detail: "" }] }],
  ["an error page of a proxy", { version: "<html>" }],
])("%s is refused", (_sentence, change) => {
  expect(snapshotSchema.safeParse({ ...snapshot, ...change }).success).toBe(false);
});
