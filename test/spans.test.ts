/** Every stage is a span of the platform's own tracing, told to a streaming tail in the real runtime. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BenchRuntime, build, call, startService, TOKEN } from "./bench/runtime.ts";
import { type Sink, startSink } from "./bench/sink.ts";
import { waitFor } from "./bench/statistics.ts";

interface Told {
  readonly parent: string | null;
  readonly event: {
    readonly type: string;
    readonly spanId?: string;
    readonly name?: string;
    readonly info?: unknown;
  };
}

interface Seen {
  readonly name: string;
  readonly parent: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Spans by id, invocations among them without a name. */
const spansOf = (told: readonly Told[]): Map<string, Seen> => {
  const spans = new Map<string, Seen>();
  for (const { parent, event } of told) {
    if (event.type === "onset" || event.type === "spanOpen") {
      spans.set(event.spanId ?? "", { name: event.name ?? "", parent, fields: {} });
    }
    const span = spans.get(parent ?? "");
    if (event.type !== "attributes" || span === undefined) continue;
    const fields = Object.fromEntries((event.info as { name: string; value: unknown }[]).map((f) => [f.name, f.value]));
    spans.set(parent ?? "", { ...span, fields: { ...span.fields, ...fields } });
  }
  return spans;
};

const STAGES = ["ingest", "dedup", "process", "classify", "decide", "history.commit", "group.join", "group.flush"];
const isOurs = ({ name }: Seen): boolean => [...STAGES, "publish", "deliver", "send"].includes(name);

/** The stages a span lies in, outermost first, without what the platform puts between them. */
const pathOf = (spans: ReadonlyMap<string, Seen>, id: string): string => {
  const span = spans.get(id);
  if (span === undefined) return "";
  const above = span.parent === null ? "" : pathOf(spans, span.parent);
  return isOurs(span) ? `${above} ${span.name}`.trim() : above;
};

const DOCUMENT = {
  route: {
    receiver: "sink",
    group_by: ["..."],
    group_wait: "0s",
    routes: [{ matchers: ['team = "grouped"'], group_by: ["alertname"], group_wait: "1s" }],
  },
  receivers: [{ name: "sink", targets: ["sink"] }],
};
const SECRET = "xoxb-not-for-anybody";
const SUMMARY = "the disk of a customer nobody may know";

let runtime: BenchRuntime;
let sink: Sink;
beforeAll(async () => {
  sink = await startSink();
  runtime = await startService(build("src/worker/index.ts", "spans"), { tail: "test/support/tail-worker.js" });
}, 120_000);
afterAll(async () => {
  sink.close();
  await runtime.close();
});

test("an alert's way is told stage by stage, in their nesting, with its ids and without what it says", async () => {
  const headers = { authorization: `Bearer ${SECRET}` };
  await call(runtime, "POST", "/api/v1/targets", { name: "sink", type: "webhook", url: `${sink.url}/way`, headers });
  await call(runtime, "PUT", "/api/v1/config", DOCUMENT);
  const alert = (pod: string, team: string) => ({ alertname: "DiskFull", pod, team, summary: SUMMARY });
  const receipt = (await call(runtime, "POST", "/webhook", [alert("a", "direct"), alert("b", "grouped")])) as {
    receipt_id: string;
  };
  let spans = new Map<string, Seen>();
  // What a call goes on with after its answer is not always told to the end by the local runtime.
  const fieldsOf = (name: string) =>
    [...spans.values()].filter((span) => span.name === name).map(({ fields }) => fields);
  const ended = (name: string) => fieldsOf(name).filter((fields) => "outcome" in fields || "status" in fields);
  const paths = (): string[] => [...spans].flatMap(([id, span]) => (isOurs(span) ? [pathOf(spans, id)] : []));
  await waitFor("the last stage is over", 60_000, async () => {
    spans = spansOf((await runtime.tail()) as Told[]);
    const isTold = fieldsOf("deliver").length === 2 && ended("deliver").length > 0 && ended("send").length > 0;
    return isTold && ["group.flush", "publish history.commit"].every((path) => paths().includes(path));
  });

  expect(new Set(paths())).toEqual(
    new Set([
      "ingest",
      "ingest dedup",
      "process",
      "process classify",
      "process decide",
      "process history.commit",
      "process group.join",
      "group.flush",
      "history.commit",
      "publish",
      "publish deliver",
      "publish deliver send",
      "publish history.commit",
    ]),
  );
  expect(fieldsOf("ingest")).toEqual([expect.objectContaining({ receiptId: receipt.receipt_id, outcome: "stored" })]);
  expect(fieldsOf("dedup")).toEqual([expect.objectContaining({ receiptId: receipt.receipt_id, new: 2 })]);
  const decided = { receiptId: receipt.receipt_id, alertname: "DiskFull", kind: "new" };
  expect(fieldsOf("decide")).toHaveLength(2);
  expect(fieldsOf("decide")).toContainEqual(expect.objectContaining({ ...decided, outcome: "told" }));
  expect(fieldsOf("decide")).toContainEqual(expect.objectContaining({ ...decided, outcome: "grouped" }));
  for (const fields of ended("deliver")) {
    expect(fields).toMatchObject({ target: "sink", alertname: "DiskFull", outcome: "delivered", attempt: 1 });
  }
  for (const fields of ended("send")) expect(fields).toMatchObject({ target: "sink", status: 200 });
  const ours = JSON.stringify([...spans.values()].filter(isOurs));
  for (const secret of [SECRET, SUMMARY, TOKEN, sink.url]) expect(ours).not.toContain(secret);
}, 180_000);

const seen = async (name: string): Promise<Seen[]> =>
  [...spansOf((await runtime.tail()) as Told[]).values()].filter((span) => span.name === name);

test("an attempt that failed says so, with its reason", async () => {
  await call(runtime, "POST", "/api/v1/targets", { name: "sink", type: "webhook", url: "http://127.0.0.1:9/closed" });
  await call(runtime, "POST", "/webhook", [{ alertname: "NobodyListens", pod: "c", summary: SUMMARY }]);
  let ended: Seen[] = [];
  await waitFor("the attempt is over", 60_000, async () => {
    ended = (await seen("deliver")).filter(({ fields }) => fields.alertname === "NobodyListens" && "outcome" in fields);
    return ended.length > 0;
  });
  expect(ended[0]?.fields).toMatchObject({ outcome: "retry", reason: "refused", attempt: 1 });
}, 120_000);

test("a stage that throws is marked, with the kind of the error and not its words", async () => {
  await runtime.sql("ALTER TABLE alerts RENAME TO elsewhere");
  await call(runtime, "POST", "/webhook", [{ alertname: "NotCommitted", pod: "d", summary: SUMMARY }]);
  let failed: Seen[] = [];
  await waitFor("the commit failed", 60_000, async () => {
    failed = (await seen("history.commit")).filter(({ fields }) => "error.type" in fields);
    return failed.length > 0;
  });
  await runtime.sql("ALTER TABLE elsewhere RENAME TO alerts");
  expect(failed[0]?.fields).toMatchObject({ events: 1, "error.type": "Error" });
  expect(JSON.stringify(failed)).not.toContain("elsewhere");
  expect((await seen("process")).some(({ fields }) => fields["error.type"] === "Error")).toBe(true);
}, 120_000);
