/**
 * `npm run bench [-- cost|ingest|latency|delivery|isolation|decision|rows …]`: the figures of docs/performance.md. Ratios and counts,
 * taken in one run on one machine; bare times say little.
 */
import { benchCost } from "./cost.ts";
import { benchDecision } from "./decision.ts";
import { benchDelivery, benchIsolation } from "./delivery.ts";
import { benchIngest, benchLatency } from "./ingest.ts";
import { benchRowsRead } from "./rows-read.ts";
import { build } from "./runtime.ts";

/** Nothing to build in it. */
const BARE = "test/bench/bare-worker.js";

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  cost: () => benchCost(build("test/bench/metered-worker.ts", "metered")),
  ingest: () => benchIngest(build("src/worker/index.ts", "service"), BARE),
  latency: () => benchLatency(build("src/worker/index.ts", "service"), BARE),
  delivery: () => benchDelivery(build("src/worker/index.ts", "service")),
  isolation: () => benchIsolation(build("src/worker/index.ts", "service")),
  decision: benchDecision,
  rows: benchRowsRead,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`there is no ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(1);
}
for (const [name, part] of Object.entries(PARTS)) if (asked.length === 0 || asked.includes(name)) await part();
process.exit(0);
