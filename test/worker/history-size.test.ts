import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Keyset, walkEvents } from "../../src/worker/db/history.ts";
import { get } from "../support/api.ts";
import { fillEvents } from "../support/many-events.ts";
import { filterOf, measure, QUESTIONS } from "../support/rows-read.ts";

const NOW = Date.now();
const DAY = 86_400_000;

describe("what a list or chart reads", () => {
  const span = { fromMs: NOW - 30 * DAY, spanMs: 30 * DAY - 1000 };
  let small: Map<string, number>;
  let large: Map<string, number>;

  beforeAll(async () => {
    await fillEvents(env.DB, { count: 20_000, ...span });
    small = await measure(env.DB, NOW);
    await fillEvents(env.DB, { count: 80_000, ...span }, 20_000);
    large = await measure(env.DB, NOW);
  }, 600_000);

  test.each(QUESTIONS.map(([name]) => name))("%s: the same at 20 000 and at 100 000 events", (name) => {
    const [few, many] = [small.get(name) ?? Number.NaN, large.get(name) ?? Number.NaN];
    expect(few).toBeGreaterThan(0);
    expect(Math.abs(many - few) / few, `${few} and ${many}`).toBeLessThanOrEqual(0.1);
    expect(many).toBeLessThanOrEqual(75_000);
  });

  test.each([
    ["newest first", true],
    ["oldest first", false],
  ] as const)(
    "cursors go over 100 000 events, %s, while others come in everywhere, and show every one exactly once",
    async (_, descending) => {
      const seen = new Map<string, number>();
      const filter = { ...filterOf("", NOW), toMs: NOW + DAY };
      let after: Keyset | null = null;
      let inserted = descending ? 200_000 : 300_000;
      let pages = 0;
      do {
        const walked = await walkEvents(env.DB, filter, { limit: 1000, after, descending }, NOW);
        for (const { fingerprint, seq } of walked.rows) {
          seen.set(`${fingerprint}:${seq}`, (seen.get(`${fingerprint}:${seq}`) ?? 0) + 1);
        }
        after = walked.resume;
        // Late ones among what was shown and what is still to come, and new ones at the top.
        if (++pages % 10 > 0) continue;
        await fillEvents(env.DB, { count: 400, ...span }, inserted);
        await fillEvents(env.DB, { count: 100, fromMs: NOW + 1, spanMs: 1000 }, inserted + 400);
        inserted += 500;
      } while (after !== null);
      expect(after).toBeNull();
      expect(Math.max(...seen.values())).toBe(1);
      const first = [...seen.keys()].filter((id) => Number(id.split(":")[1]) <= 100_000);
      expect(first).toHaveLength(100_000);
    },
    600_000,
  );

  test("going back by the other cursor leads to the same pages", async () => {
    const one = await get("/history?limit=7");
    const two = await get(`/history?limit=7&cursor=${one.json.cursor}`);
    const back = await get(`/history?limit=7&cursor=${two.json.prev_cursor}`);
    expect(back.json.alerts).toEqual(one.json.alerts);
    expect(one.json).toMatchObject({ total: 10_000, total_is_capped: true });
  });

  test("page numbers work on the first 10 000 rows", async () => {
    const ids = (json: { alerts: unknown }) => (json.alerts as { event_id: string }[]).map((row) => row.event_id);
    const pages = await Promise.all([0, 10, 20].map((offset) => get(`/history?limit=10&offset=${offset}`)));
    expect(new Set(pages.flatMap(({ json }) => ids(json as never))).size).toBe(30);
    const numbered = await get("/history?page=3&per_page=10");
    expect(ids(numbered.json as never)).toEqual(ids(pages[2]!.json as never));
    const onward = await get(`/history?limit=10&cursor=${pages[0]!.json.cursor}`);
    expect(ids(onward.json as never)).toEqual(ids(pages[1]!.json as never));
  });
});

describe("query plans", () => {
  const plan = async (sql: string): Promise<string> => {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>();
    return results.map((row) => row.detail).join("; ");
  };
  test("every statement of the lists follows an index and sorts nothing", async () => {
    const statements: string[] = [];
    const spy = {
      prepare: (sql: string) => {
        statements.push(sql);
        return env.DB.prepare(sql);
      },
      batch: (list: D1PreparedStatement[]) => env.DB.batch(list),
    } as unknown as D1Database;
    const at = { at: NOW - DAY, fingerprint: "0000000000000000", seq: 1 };
    for (const query of ["", "severity=critical", "labels[pod]=x", "view=alerts", "is_flapping=true", "outcome=dead"]) {
      for (const descending of [true, false]) {
        await walkEvents(spy, filterOf(query, NOW), { limit: 10, after: at, descending }, NOW);
      }
    }
    for (const sql of new Set(statements)) {
      const detail = await plan(sql.replace(/\?/g, "1"));
      expect(detail).toMatch(/USING (COVERING )?INDEX events_by_time/);
      expect(detail).not.toMatch(/TEMP B-TREE|SCAN (events|notifications|alerts)\b(?! USING)/);
    }
  });
});
