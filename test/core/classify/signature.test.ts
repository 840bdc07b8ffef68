import { describe, expect, test } from "vitest";
import { signatureOf, VOLATILE_LABELS } from "../../../src/core/classify/signature.ts";

const sign = (labels: Record<string, string>) => signatureOf({ labels }, VOLATILE_LABELS);
const BASE = { alertname: "HighCPU", severity: "warning", namespace: "shop", job: "api" };

describe("one problem", () => {
  const rows: readonly [string, Record<string, string>, Record<string, string>][] = [
    ["on two instances", { instance: "a:9100" }, { instance: "b:9100" }],
    ["in two pods", { pod: "api-7d9f8b6c5d-x2x4z" }, { pod: "api-7d9f8b6c5d-aaaaa" }],
    ["with a pod's name in a label we do not know", { unit: "api-7d9f8b6c5d-x2x4z" }, { unit: "api-6c5d7d9f8b-q9q8r" }],
    [
      "with two request ids",
      { req: "3f2504e0-4f89-11d3-9a0c-0305e82c3301" },
      { req: "9b2504e0-4f89-11d3-9a0c-0305e82c33ff" },
    ],
    ["from two addresses", { peer: "10.0.0.1:80" }, { peer: "10.0.0.22:80" }],
    ["with two process numbers", { task: "worker-123456" }, { task: "worker-654321" }],
    ["at two commits", { commit: "8f3a2b1c9d" }, { commit: "1c9d8f3a2b" }],
    ["with a volatile label and without", { instance: "a" }, {}],
  ];
  test.each(rows)("%s shares a signature", (_sentence, a, b) => {
    expect(sign({ ...BASE, ...a })).toBe(sign({ ...BASE, ...b }));
  });

  test("however its labels are ordered", () => {
    expect(sign({ job: "api", namespace: "shop", severity: "warning", alertname: "HighCPU" })).toBe(sign(BASE));
  });
});

describe("two problems", () => {
  const rows: readonly [string, Record<string, string>, Record<string, string>][] = [
    ["of two names", { alertname: "HighCPU" }, { alertname: "HighIO" }],
    ["whose names differ only in digits", { alertname: "Disk12345" }, { alertname: "Disk54321" }],
    ["of two severities", { severity: "critical" }, { severity: "warning" }],
    ["of two words for one severity", { severity: "p2" }, { severity: "p3" }],
    ["of two namespaces", { namespace: "shop" }, { namespace: "dev" }],
    ["of two priorities", { priority: "P1" }, { priority: "P2" }],
    ["of two status codes", { code: "404" }, { code: "500" }],
    ["with a label and without", { team: "db" }, {}],
    ["where a value imitates the next label", { a: 'x"],["b","y' }, { a: "x", b: "y" }],
    ["where one label is called __proto__", Object.fromEntries([["__proto__", "x"]]), {}],
  ];
  test.each(rows)("%s do not share one", (_sentence, a, b) => {
    expect(sign({ ...BASE, ...a })).not.toBe(sign({ ...BASE, ...b }));
  });

  test("a label is volatile only where the list says so", () => {
    const labels = (instance: string) => ({ labels: { ...BASE, instance } });
    expect(signatureOf(labels("a"), [])).not.toBe(signatureOf(labels("b"), []));
  });
});
