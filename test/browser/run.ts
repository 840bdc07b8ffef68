/** The dashboard in a real Chromium against the whole product; ends with `N passed, N failed`. Words choose parts by name. */
import { startReport } from "../e2e/report.ts";
import { testAccess } from "./access.ts";
import { testApiDocs } from "./api-docs.ts";
import { testFlows } from "./flows.ts";
import { testHostile } from "./hostile.ts";
import { testKeyboard } from "./keyboard.ts";
import { testLive } from "./live.ts";
import { testMany } from "./many.ts";
import { testScreens } from "./screens.ts";
import { seed } from "./seed.ts";
import { startWorld, type World } from "./world.ts";

const PARTS: readonly (readonly [name: string, run: (world: World) => Promise<void>])[] = [
  ["screens", testScreens],
  ["access", testAccess],
  ["keyboard", testKeyboard],
  ["live", testLive],
  ["flows", testFlows],
  ["hostile", testHostile],
  ["many", testMany],
  ["api-docs", testApiDocs],
];

const wanted = process.argv.slice(2);
const report = startReport();
await report.attempt("the browser tests came to their end", async () => {
  const world = await startWorld(report);
  try {
    await seed(world);
    for (const [name, run] of PARTS) {
      if (wanted.length === 0 || wanted.includes(name)) await run(world);
    }
  } finally {
    await world.close();
  }
});
report.finish();
