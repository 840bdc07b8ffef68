import { describe, expect, it } from "vitest";
import { readSources } from "../../../src/core/ingest/source.ts";
import { applySource } from "../../../src/core/ingest/source-apply.ts";
import { readersAt } from "./source-readers.ts";

const apply = (source: object, body: unknown) => {
  const sources = readSources([{ name: "a", ...source }]);
  if (!sources.ok) throw new Error(JSON.stringify(sources.error));
  return applySource(sources.value[0], body, readersAt(Date.UTC(2026, 0, 1)));
};

const labels = (source: object, sent: object) => {
  const outcomes = apply(source, [{ labels: sent }]);
  const outcome = outcomes.ok ? outcomes.value[0] : null;
  return outcome?.kind === "accepted" ? outcome.alert.labels : outcome;
};

describe("labels of a known format", () => {
  it.each<[sentence: string, source: object, sent: object, expected: object]>([
    ["stay as they are without a word", {}, { a: "x", n: 1, b: true }, { a: "x", n: "1", b: "true" }],
    ["the replica label goes", { drop_labels: ["replica"] }, { a: "x", replica: "2" }, { a: "x" }],
    ["an added label wins", { add_labels: { a: "y", b: "z" } }, { a: "x" }, { a: "y", b: "z" }],
    ["an added empty one removes", { add_labels: { a: "" } }, { a: "x", b: "y" }, { b: "y" }],
    [
      "what is dropped may be added, and rules see the result",
      {
        drop_labels: ["a"],
        add_labels: { a: "new" },
        alert_relabel_configs: [{ source_labels: ["a"], target_label: "b" }],
      },
      { a: "old" },
      { a: "new", b: "new" },
    ],
    ["names of inherited members are names", { drop_labels: ["toString"] }, { a: "x", toString: "y" }, { a: "x" }],
  ])("%s", (_, source, sent, expected) => {
    expect(labels(source, sent)).toEqual(expected);
  });
});

describe("each alert has an outcome", () => {
  const source = {
    alert_relabel_configs: [{ source_labels: ["env"], regex: "test", action: "drop" }],
    validate: [
      { required: ["alertname"], on_fail: "reject" },
      { required: ["team"], allowed: { team: ["pay"] }, on_fail: "tag" },
      { allowed: { tier: "[0-3]" }, on_fail: "accept" },
    ],
  };
  const body = [
    { alertname: "A", team: "pay", tier: "1" },
    { alertname: "B", env: "test" },
    { team: "pay" },
    { alertname: "C", tier: "9" },
    { alertname: ["x"] },
    {},
  ];

  it("in the order of the body, with the reason where it is no alert", () => {
    const outcomes = apply(
      source,
      body.map((sent) => ({ labels: sent })),
    );
    expect(outcomes.ok && outcomes.value).toMatchObject([
      { kind: "accepted", path: "/0", alert: { annotations: {} }, notes: [] },
      { kind: "dropped", path: "/1", reason: 'alert_relabel_configs/0: "test" matches "test"' },
      { kind: "rejected", stage: "validate", defect: { path: "/2", message: "label alertname is missing" } },
      {
        kind: "accepted",
        alert: { labels: { alertname: "C", tier: "9" }, annotations: { validation_failed: "label team is missing" } },
        notes: ["label team is missing", 'label tier is "9", which does not match "[0-3]"'],
      },
      { kind: "rejected", stage: "map", defect: { path: "/4/labels/alertname" } },
      { kind: "rejected", stage: "validate", path: "/5" },
    ]);
  });

  it("a tag is an annotation: it does not change what identifies the alert", () => {
    const outcomes = apply({ validate: [{ required: ["team"] }] }, [{ labels: { alertname: "A" } }]);
    expect(outcomes.ok && outcomes.value[0]).toMatchObject({
      alert: { labels: { alertname: "A" }, annotations: { validation_failed: "label team is missing" } },
    });
  });

  it("what the common rules refuse is told as theirs", () => {
    const outcomes = apply({ alert_relabel_configs: [{ regex: ".*", action: "labeldrop" }] }, [{ labels: { a: "x" } }]);
    expect(outcomes.ok && outcomes.value).toMatchObject([
      {
        kind: "rejected",
        stage: "normalise",
        defect: { path: "/0/labels", message: "an alert needs at least one label" },
      },
    ]);
  });

  it("a body that is none is one defect", () => {
    expect(apply({}, {})).toEqual({ ok: false, error: { path: "", message: "not a list" } });
  });
});
