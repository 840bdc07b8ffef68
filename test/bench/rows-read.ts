/** Rows read by every list and chart, at 10 000 and at 1 000 000 stored events: counted by D1 itself. */
import { readdirSync, readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { fillEvents } from "../support/many-events.ts";
import { measure } from "../support/rows-read.ts";

const FEW = 10_000;
const MANY = 1_000_000;
/** Events inserted by one statement: each is a transaction of its own. */
const STEP = 90_000;
const DAY_MS = 86_400_000;

export const benchRowsRead = async (): Promise<void> => {
  const mf = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: "export default { fetch: () => new Response() }",
      d1Databases: ["DB"],
    }),
  );
  const db = (await mf.getD1Database("DB")) as unknown as D1Database;
  for (const file of readdirSync("migrations")
    .filter((name) => name.endsWith(".sql"))
    .toSorted()) {
    for (const statement of readFileSync(`migrations/${file}`, "utf8").split("--> statement-breakpoint")) {
      await db.prepare(statement).run();
    }
  }
  const now = Date.now();
  const span = { fromMs: now - 30 * DAY_MS, spanMs: 30 * DAY_MS - 1000 };
  await fillEvents(db, { count: FEW, ...span });
  const few = await measure(db, now);
  for (let stored = FEW; stored < MANY; stored += STEP) await fillEvents(db, { count: STEP, ...span }, stored);
  const many = await measure(db, now);
  const rows = [...few].map(([what, n]) => ({
    what,
    [`at ${FEW}`]: n,
    [`at ${MANY}`]: many.get(what) ?? 0,
    ratio: Number(((many.get(what) ?? 0) / n).toFixed(3)),
  }));
  console.table(rows);
  const worst = Math.max(...rows.map((row) => Math.abs(Number(row.ratio) - 1)));
  console.log(`largest difference ${(worst * 100).toFixed(1)} % (goal: within 10 %)`);
  await mf.dispose();
};
