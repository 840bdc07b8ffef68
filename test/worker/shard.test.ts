import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Alert } from "../../src/core/alert/alert.ts";
import { fingerprint } from "../../src/core/alert/fingerprint.ts";
import { decide } from "../../src/core/dedup/decide.ts";
import { readAlertsMessage } from "../../src/core/messages.ts";
import { asRepeats, learn, noteContact } from "../../src/worker/known-alerts.ts";
import type { AlertShard } from "../../src/worker/objects/alert-shard.ts";
import { type IngestBatch, writeBatch } from "../../src/worker/objects/alert-shard-batch.ts";
import { changeOf } from "../../src/worker/objects/alert-shard-change.ts";
import { Memory } from "../../src/worker/objects/alert-shard-memory.ts";
import { Outbox } from "../../src/worker/objects/alert-shard-outbox.ts";
import { stateOf } from "../../src/worker/objects/alert-shard-store.ts";
import { eventually } from "../support/api.ts";

afterEach(() => vi.useRealTimers());

let count = 0;
const shard = () => env.SHARDS.getByName(`test-${++count}`) as DurableObjectStub<AlertShard>;
const alert = (name: string, status: "firing" | "resolved" = "firing", over: Partial<Alert> = {}): Alert => {
  const labels = { alertname: name };
  const at = Date.now();
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations: {},
    status,
    startsAt: at - 1000,
    endsAt: status === "resolved" ? at : null,
    expiresAt: null,
    generatorURL: "",
    ...over,
  };
};
const batch = (...alerts: Alert[]): IngestBatch => ({
  alerts,
  receiptId: "r",
  source: null,
  format: "generic",
  upstream: null,
});
const outcomes = async (stub: DurableObjectStub<AlertShard>, ...alerts: Alert[]) => {
  const answer = await stub.ingest(writeBatch(batch(...alerts)));
  return answer.ok ? answer.outcomes : [answer.reason];
};
/** Everything on disk, as text: two equal dumps mean that nothing was written between them. */
const dump = (stub: DurableObjectStub<AlertShard>): Promise<string> =>
  runInDurableObject(stub, (_, state) =>
    JSON.stringify(
      ["known", "acknowledged", "signs"].map((table) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
    ),
  );
const outbox = (stub: DurableObjectStub<AlertShard>): Promise<number> => stub.status().then((s) => s.outboxRows);
const eventsOf = async (name: string) =>
  (
    await env.DB.prepare("SELECT kind, expired FROM events WHERE alertname = ? ORDER BY seq")
      .bind(name)
      .all<{ kind: string; expired: number }>()
  ).results;

describe("durable writes", () => {
  test("a change is on disk with its outbox row before the answer, and the row goes when D1 holds the event", async () => {
    const stub = shard();
    expect(await outcomes(stub, alert("Written"))).toEqual(["new"]);
    await eventually(
      () => eventsOf("Written"),
      (events) => events.length === 1,
    );
    await eventually(
      () => outbox(stub),
      (rows) => rows === 0,
    );
  });

  test("duplicates write nothing", async () => {
    const stub = shard();
    const same = alert("Same");
    await outcomes(stub, same);
    await eventually(
      () => outbox(stub),
      (rows) => rows === 0,
    );
    const before = await dump(stub);
    for (let i = 0; i < 50; i++) expect(await outcomes(stub, same)).toEqual(["duplicate"]);
    expect(await dump(stub)).toBe(before);
    expect((await stub.seen(same.fingerprint, same.labels))?.receiveCount).toBe(51);
  });

  test("what duplicates counted is written together by the alarm and survives the object's memory", async () => {
    const stub = shard();
    const many = Array.from({ length: 40 }, (_, i) => alert(`Counted${i}`));
    await outcomes(stub, ...many);
    await eventually(
      () => outbox(stub),
      (rows) => rows === 0,
    );
    await outcomes(stub, ...many);
    await runDurableObjectAlarm(stub);
    const rows = await runInDurableObject(stub, (_, state) =>
      Number(state.storage.sql.exec("SELECT count(*) AS n FROM signs").one()["n"]),
    );
    expect(rows).toBeLessThanOrEqual(16);
    await evictDurableObject(stub);
    expect((await stub.seen(many[7]!.fingerprint, many[7]!.labels))?.receiveCount).toBe(2);
  });
});

test("what only repeats is told to the counts of its hour by the alarm, in one write", async () => {
  const stub = shard();
  const same = alert("RepeatCounted");
  const repeats = async (): Promise<number> =>
    (await env.DB.prepare("SELECT sum(x.value) AS n FROM rollups AS r, json_each(r.received) AS x WHERE x.key = ?")
      .bind(same.fingerprint)
      .first<number>("n")) ?? 0;
  await outcomes(stub, same);
  for (let i = 0; i < 5; i++) await outcomes(stub, same);
  expect(await repeats()).toBe(0);
  await runDurableObjectAlarm(stub);
  expect(await repeats()).toBe(5);
});

describe("a report that says what it said before", () => {
  const told = async (stub: DurableObjectStub<AlertShard>, one: Alert): Promise<number> => {
    const answer = await stub.ingest(writeBatch(batch(one)));
    return answer.ok ? answer.versions[0]! : Number.NaN;
  };
  const repeated = (
    stub: DurableObjectStub<AlertShard>,
    one: Alert,
    version: number,
    expiresAt: number | null = null,
  ) => stub.repeat([[one.fingerprint, version, expiresAt]]);

  test("is counted by the number of the state it left, and by no other", async () => {
    const stub = shard();
    const one = alert("Repeats");
    const version = await told(stub, one);
    expect(await told(stub, one)).toBe(version);
    const until = Date.now() + 90_000;
    expect(await repeated(stub, one, version, until)).toBe(true);
    expect((await stub.seen(one.fingerprint, one.labels))?.receiveCount).toBe(3);
    expect(await repeated(stub, one, version + 1)).toBe(false);
    expect(await repeated(stub, alert("NeverSeen"), version)).toBe(false);
    expect((await stub.seen(one.fingerprint, one.labels))?.receiveCount).toBe(3);
  });

  test("is asked for whole once anything else became of its alert, or the object lost its memory", async () => {
    const stub = shard();
    const one = alert("Changes");
    const version = await told(stub, one);
    await outcomes(stub, alert("Changes", "resolved"));
    expect(await repeated(stub, one, version)).toBe(false);
    const reopened = await told(stub, one);
    await outcomes(stub, { ...one, annotations: { summary: "other" } });
    expect(await repeated(stub, one, reopened)).toBe(false);
    const last = await told(stub, one);
    await evictDurableObject(stub);
    expect(await repeated(stub, one, last)).toBe(false);
    await outcomes(stub, one);
    expect(await repeated(stub, one, last)).toBe(false);
  });

  test("is told whole to a shard that may have left memory, and one call is enough for each alert of its new life", async () => {
    const now = Date.now();
    const [one, two] = [alert("StaysA"), alert("StaysB")];
    learn("shard-x", [one, two], { versions: [11, 12], life: 10 }, now);
    expect(asRepeats("shard-x", [one, two], now + 1_000)?.map(([, version]) => version)).toEqual([11, 12]);
    expect(asRepeats("shard-x", [one], now + 8_000)).toBeNull();
    noteContact("shard-x", now + 5_000);
    expect(asRepeats("shard-x", [one], now + 8_000)).not.toBeNull();
    // It was away: what the first report of its new life shows holds for what it has not told yet.
    learn("shard-x", [one], { versions: [101], life: 100 }, now + 20_000);
    expect(asRepeats("shard-x", [one], now + 21_000)).not.toBeNull();
    expect(asRepeats("shard-x", [two], now + 21_000)).toBeNull();
  });

  test("with one among them that is not, none of a request counts", async () => {
    const stub = shard();
    const [a, b] = [alert("RepeatsA"), alert("RepeatsB")];
    const versions = [await told(stub, a), await told(stub, b)];
    expect(
      await stub.repeat([
        [a.fingerprint, versions[0]!, null],
        [b.fingerprint, versions[1]! + 1, null],
      ]),
    ).toBe(false);
    expect((await stub.seen(a.fingerprint, a.labels))?.receiveCount).toBe(1);
  });
});

describe("a lost bell", () => {
  test("is rung again by the alarm, and the event is written once", async () => {
    const stub = shard();
    const lost = vi.spyOn(env.ALERTS, "sendBatch").mockRejectedValue(new Error("the queue is away"));
    expect(await outcomes(stub, alert("Rung"))).toEqual(["new"]);
    await eventually(
      async () => lost.mock.calls.length,
      (calls) => calls > 0,
    );
    lost.mockRestore();
    expect([await outbox(stub), await eventsOf("Rung")]).toEqual([1, []]);
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    await eventually(
      () => outbox(stub),
      (rows) => rows === 0,
    );
    expect(await eventsOf("Rung")).toEqual([{ kind: "new", expired: 0 }]);
  });

  test("holds back no change of another alert, and its own later changes keep their order", async () => {
    const stub = shard();
    const lost = vi.spyOn(env.ALERTS, "sendBatch").mockRejectedValue(new Error("the queue is away"));
    await outcomes(stub, alert("Ordered"));
    await outcomes(stub, alert("Ordered", "resolved"), alert("Ordered", "firing", { startsAt: Date.now() + 5 }));
    await eventually(
      async () => lost.mock.calls.length,
      (calls) => calls > 1,
    );
    lost.mockRestore();
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    await eventually(
      () => outbox(stub),
      (rows) => rows === 0,
    );
    expect((await eventsOf("Ordered")).map((event) => event.kind)).toEqual(["new", "resolved", "reopened"]);
  });

  test("too many unconfirmed changes refuse more, and say so as a value", async () => {
    const stub = shard();
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO acknowledged (at, ids, changes)
         SELECT 0, '[["f' || i || '",1]]', '[{"kind":"ref","fingerprint":"f' || i || '","seq":1}]' FROM n`,
      );
    });
    await evictDurableObject(stub);
    expect(await outcomes(stub, alert("Refused"))).toEqual(["overloaded"]);
  });
});

test("what an older version stored is taken over: entries are known, unconfirmed changes are rung, in order", async () => {
  const stub = shard();
  const [old, other] = [alert("FromBefore"), alert("KnownFromBefore")];
  const event = (seq: number, kind: string, status: string) =>
    JSON.stringify({
      kind: "event",
      event: {
        ...{ fingerprint: old.fingerprint, seq, kind, status, previousStatus: seq === 1 ? null : "firing" },
        ...{ labels: old.labels, annotations: {}, startsAt: 1, endsAt: null, generatorURL: "", receivedAt: Date.now() },
        ...{ expired: false, episodeSeq: 1, receiptId: "r", source: null, format: "generic", upstream: null },
        sourceFingerprint: null,
      },
    });
  await stub.status();
  await runInDurableObject(stub, (_, state) => {
    const { sql } = state.storage;
    for (const table of ["known", "acknowledged"]) sql.exec(`DROP TABLE ${table}`);
    sql.exec(`CREATE TABLE entries (
      fingerprint TEXT PRIMARY KEY, seq INTEGER NOT NULL, status TEXT NOT NULL, labels TEXT NOT NULL,
      annotations TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER, expires_at INTEGER,
      generator_url TEXT NOT NULL, first_seen INTEGER NOT NULL, last_received_at INTEGER NOT NULL,
      receive_count INTEGER NOT NULL, episode_seq INTEGER NOT NULL, source TEXT, grace INTEGER NOT NULL DEFAULT 0,
      saved_at INTEGER NOT NULL) WITHOUT ROWID`);
    sql.exec(`CREATE TABLE outbox (
      fingerprint TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, receipt_id TEXT, change TEXT NOT NULL,
      PRIMARY KEY (fingerprint, seq)) WITHOUT ROWID`);
    for (const { fingerprint: hash, labels } of [old, other]) {
      sql.exec(
        "INSERT INTO entries VALUES (?,2,'resolved',?,'{}',1,2,NULL,'',1,1,7,1,NULL,0,1)",
        hash,
        JSON.stringify(labels),
      );
    }
    for (const [seq, text] of [event(1, "new", "firing"), event(2, "resolved", "resolved")].entries()) {
      sql.exec("INSERT INTO outbox VALUES (?,?,?,'r',?)", old.fingerprint, seq + 1, Date.now(), text);
    }
  });
  await evictDurableObject(stub);
  expect((await stub.seen(other.fingerprint, other.labels))?.receiveCount).toBe(7);
  expect(await stub.holdsReceipt("r")).toBe(true);
  await eventually(
    async () => {
      await runDurableObjectAlarm(stub);
      return outbox(stub);
    },
    (rows) => rows === 0,
  );
  expect((await eventsOf("FromBefore")).map((e) => e.kind)).toEqual(["new", "resolved"]);
  expect(await outcomes(stub, old)).toEqual(["reopened"]);
});

describe("the state that an event left its alert in", () => {
  const counts = (stub: DurableObjectStub<AlertShard>): Promise<number[]> =>
    runInDurableObject(stub, (_, { storage }) =>
      ["acknowledged", "known"].map((table) =>
        Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()["n"]),
      ),
    );
  const away = () => vi.spyOn(env.ALERTS, "sendBatch").mockRejectedValue(new Error("the queue is away"));
  const rung = (mock: ReturnType<typeof away>) =>
    eventually(
      async () => mock.mock.calls.length,
      (calls) => calls > 0,
    );
  const ids = (alerts: readonly Alert[], seq = 1) => alerts.map((one) => [one.fingerprint, seq] as const);

  test("stands in the row of its request until the first of that is confirmed, and is written by itself then", async () => {
    const stub = shard();
    const mock = away();
    const many = Array.from({ length: 30 }, (_, i) => alert(`InRow${i}`, "firing", { annotations: { i: String(i) } }));
    await outcomes(stub, ...many);
    await rung(mock);
    expect(await counts(stub)).toEqual([1, 0]);
    await stub.confirm(ids(many.slice(0, 1)));
    expect(await counts(stub)).toEqual([1, 30]);
    await stub.confirm(ids(many.slice(1)));
    mock.mockRestore();
    expect(await counts(stub)).toEqual([0, 30]);
    await evictDurableObject(stub);
    expect(await outcomes(stub, ...many)).toEqual(many.map(() => "duplicate"));
    expect(await outcomes(stub, alert("InRow7", "resolved"))).toEqual(["resolved"]);
  });

  test("outlives the object's memory unconfirmed, and an older one never replaces a newer", async () => {
    const stub = shard();
    const mock = away();
    const text = { summary: 'says "so" at 10 %' };
    const fires = alert("Outlives", "firing", { startsAt: 1_000, expiresAt: Date.now() + 600_000, annotations: text });
    const ended = alert("Outlives", "resolved", { startsAt: 1_000, endsAt: 5_000 });
    expect(await outcomes(stub, fires)).toEqual(["new"]);
    await evictDurableObject(stub);
    expect(await outcomes(stub, fires)).toEqual(["duplicate"]);
    expect(await outcomes(stub, ended)).toEqual(["resolved"]);
    expect(await outcomes(stub, { ...ended, endsAt: 9_000 })).toEqual(["updated"]);
    // The rows are confirmed in the wrong order; the update was written apart.
    await stub.confirm(ids([fires], 2));
    await stub.confirm(ids([fires], 1));
    await evictDurableObject(stub);
    const { rows } = await runInDurableObject(stub, (_, { storage }) => ({
      rows: storage.sql.exec("SELECT seq, status, annotations, ends_at, expires_at FROM known").toArray(),
    }));
    mock.mockRestore();
    expect(rows).toEqual([
      { seq: 3, status: "resolved", annotations: JSON.stringify(text), ends_at: 9_000, expires_at: null },
    ]);
    expect(await outcomes(stub, { ...ended, endsAt: 9_000 })).toEqual(["duplicate"]);
  });

  test("is read from there when other alerts have pushed it out of memory", async () => {
    const one = alert("PushedOut");
    const known = await runInDurableObject(shard(), (_, { storage }) => {
      const outbox = new Outbox(storage.sql);
      const { entry, ...rest } = decide(null, one, 1_000, "eu");
      const change = changeOf({ entry, ...rest }, { ...batch(one), alert: one, now: 1_000 });
      outbox.add(outbox.append([{ change, state: stateOf(entry) }], 1_000, "r"), "r");
      const memory = new Memory(storage.sql, outbox);
      memory.load([one]);
      return { entry, read: memory.get(one.fingerprint) };
    });
    expect(known.read).toEqual(known.entry);
  });
});

test("changes of one request are one row, gone with the last confirmed of them, and too large ones are only named", async () => {
  const stub = shard();
  const away = vi.spyOn(env.ALERTS, "sendBatch").mockRejectedValue(new Error("the queue is away"));
  const large = alert("Large", "firing", { annotations: { text: "x".repeat(60_000) } });
  const small = Array.from({ length: 30 }, (_, i) => alert(`InOneRow${i}`));
  const name = `test-${count}`;
  await outcomes(stub, large, ...small);
  // Shards of other tests may ring meanwhile.
  const sent = await eventually(
    async () =>
      away.mock.calls
        .flatMap(([messages]) => [...messages].map(({ body }) => readAlertsMessage(body)))
        .flatMap(({ shard, changes }) => (shard === name ? changes : [])),
    (changes) => changes.length > 0,
  );
  away.mockRestore();
  expect(sent.map(({ kind }) => kind)).toEqual(["ref", ...small.map(() => "event")]);
  const rows = (): Promise<number> =>
    runInDurableObject(stub, (_, state) =>
      Number(state.storage.sql.exec("SELECT count(*) AS n FROM acknowledged").one()["n"]),
    );
  expect([await rows(), await outbox(stub)]).toEqual([1, 31]);
  expect(await stub.load([[large.fingerprint, 1]])).toMatchObject([{ event: { annotations: large.annotations } }]);
  await stub.confirm(small.map((one) => [one.fingerprint, 1] as const));
  expect([await rows(), await outbox(stub)]).toEqual([1, 1]);
  await stub.confirm([[large.fingerprint, 1]]);
  expect([await rows(), await outbox(stub)]).toEqual([0, 0]);
});

describe("expiry", () => {
  let start: number;
  beforeEach(() => {
    start = Date.now();
  });
  const at = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: start + ms });
  const until = (ms: number) => ({ expiresAt: start + ms, startsAt: start });

  test("ends an alert that nobody renewed, once", async () => {
    const stub = shard();
    at(0);
    await outcomes(stub, alert("Expiring", "firing", until(60_000)));
    at(59_000);
    await runDurableObjectAlarm(stub);
    expect((await stub.seen(fingerprint({ alertname: "Expiring" }), { alertname: "Expiring" }))?.receiveCount).toBe(1);
    at(61_000);
    await runDurableObjectAlarm(stub);
    await runDurableObjectAlarm(stub);
    vi.useRealTimers();
    await eventually(
      () => eventsOf("Expiring"),
      (events) => events.length === 2,
    );
    expect(await eventsOf("Expiring")).toEqual([
      { kind: "new", expired: 0 },
      { kind: "resolved", expired: 1 },
    ]);
  });

  test("ten renewals make one event", async () => {
    const stub = shard();
    for (let i = 0; i < 10; i++) {
      at(i * 60_000);
      await outcomes(stub, alert("Renewed", "firing", until((i + 4) * 60_000)));
      await runDurableObjectAlarm(stub);
    }
    vi.useRealTimers();
    await eventually(
      () => outbox(stub),
      (rows) => rows === 0,
    );
    expect(await eventsOf("Renewed")).toEqual([{ kind: "new", expired: 0 }]);
  });

  test("waits as long for a sender whose renewals were written down, whatever wakes the object meanwhile", async () => {
    const stub = shard();
    at(0);
    await outcomes(stub, alert("Noted", "firing", until(60_000)));
    at(1_000);
    await outcomes(stub, alert("Noted", "firing", until(61_000)));
    at(10_000);
    await runDurableObjectAlarm(stub);
    for (const ms of [70_000, 100_000, 70_000 + 299_000]) {
      await evictDurableObject(stub);
      at(ms);
      await outcomes(stub, alert("Other", "firing", until(ms + 1_000_000)));
      await runDurableObjectAlarm(stub);
      expect(await dump(stub), String(ms)).not.toContain("resolved");
    }
    await evictDurableObject(stub);
    at(70_000 + 301_000);
    await outcomes(stub, alert("Other", "firing", until(1_500_000)));
    await runDurableObjectAlarm(stub);
    expect(await dump(stub)).toContain("resolved");
  });

  test("a sign of life that a crash left behind says nothing of what was written whole after it", async () => {
    const stub = shard();
    at(0);
    await outcomes(stub, alert("Again", "firing", until(60_000)));
    at(1_000);
    await outcomes(stub, alert("Again", "firing", until(60_000)));
    at(10_000);
    await runDurableObjectAlarm(stub);
    at(11_000);
    await outcomes(stub, alert("Again", "resolved", until(0)));
    at(12_000);
    await outcomes(stub, alert("Again", "firing", until(3_600_000)));
    await evictDurableObject(stub);
    for (const ms of [70_000, 70_000 + 310_000]) {
      at(ms);
      await outcomes(stub, alert("Other", "firing", until(ms + 1_000_000)));
      await runDurableObjectAlarm(stub);
    }
    vi.useRealTimers();
    await eventually(
      () => outbox(stub),
      (rows) => rows === 0,
    );
    const history = await eventsOf("Again");
    expect(history.map(({ expired }) => expired)).toEqual([0, 0, 0]);
  });

  test("waits once for the sender after the object lost its memory, and only once", async () => {
    const stub = shard();
    at(0);
    await outcomes(stub, alert("Forgotten", "firing", until(60_000)));
    await evictDurableObject(stub);
    at(70_000);
    await runDurableObjectAlarm(stub);
    await evictDurableObject(stub);
    at(70_000 + 299_000);
    await runDurableObjectAlarm(stub);
    expect((await dump(stub)).includes("resolved")).toBe(false);
    at(70_000 + 301_000);
    await runDurableObjectAlarm(stub);
    vi.useRealTimers();
    await eventually(
      () => eventsOf("Forgotten"),
      (events) => events.length === 2,
    );
  });
});

test("any order, repetition and interleaving leaves the state and the events of a simple model", async () => {
  const step = fc.record({
    who: fc.integer({ min: 0, max: 3 }),
    status: fc.constantFrom("firing" as const, "resolved" as const),
    evict: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const stub = shard();
      const run = `run${count}`;
      const model = new Map<string, string[]>();
      let clock = Date.now();
      for (const { who, status, evict } of steps) {
        const name = `${run}-${who}`;
        clock += 1000;
        await outcomes(stub, alert(name, status, { startsAt: clock, endsAt: status === "resolved" ? clock : null }));
        const kinds = model.get(name) ?? [];
        const last =
          kinds.length === 0
            ? null
            : kinds.at(-1) === "resolved" || kinds.at(-1) === "new:resolved"
              ? "resolved"
              : "firing";
        if (last === null) kinds.push(status === "firing" ? "new" : "new:resolved");
        else if (last !== status) kinds.push(status === "firing" ? "reopened" : "resolved");
        model.set(name, kinds);
        if (evict) await evictDurableObject(stub);
      }
      await eventually(
        async () => {
          if ((await outbox(stub)) > 0) await runDurableObjectAlarm(stub);
          return outbox(stub);
        },
        (rows) => rows === 0,
      );
      for (const [name, kinds] of model) {
        expect((await eventsOf(name)).map((event) => event.kind)).toEqual(kinds.map((kind) => kind.split(":")[0]));
        const current = await env.DB.prepare("SELECT status FROM alerts WHERE alertname = ?")
          .bind(name)
          .first<string>("status");
        expect(current).toBe(kinds.at(-1)!.endsWith("resolved") ? "resolved" : "firing");
      }
    }),
    { numRuns: 15 },
  );
}, 600_000);
