/** `npm run demo` in a short form: half a day instead of a week, then what is there to be seen, then a clean end. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { ROOT } from "../../src/local/files.ts";
import { isGroupAlive } from "../../src/local/processes.ts";
import { freePort } from "../support/ports.ts";
import { readJson, runToEnd, startInstance, until } from "./instance.ts";
import { startReport } from "./report.ts";

const report = startReport();
const stateDir = mkdtempSync(join(tmpdir(), "demo-"));
const command = [process.execPath, join(ROOT, "src/local/demo.ts")];
const ADMIN_TOKEN = randomBytes(24).toString("base64url");
const port = await freePort();
const env = { PORT: String(port), STATE_DIR: stateDir, DEMO_DAYS: "0.5", ADMIN_TOKEN };
/** Something happens every few seconds. */
const HAPPENS_WITHIN_MS = 180_000;
/** Two starts and half a day: a quarter of a minute, on a busy machine much more. */
const READY_WITHIN_MS = 240_000;

const DAY_MS = 24 * 3_600_000;

const Page = z.object({ alerts: z.array(z.object({ event_id: z.string(), received_at: z.string() })) });
const Counts = z.object({ counts: z.array(z.object({ target: z.string(), reason: z.string() })) });
const Senders = z.object({
  sources: z.array(z.object({ name: z.string() })),
  heartbeats: z.array(z.object({ name: z.string(), state: z.string() })),
});
const Status = z.object({
  clusters: z.array(z.object({ name: z.string(), status: z.string() })),
  invalid: z.array(z.object({ secret: z.string() })),
});
const Times = z.object({ targets: z.array(z.object({ target: z.string(), p50_ms: z.number().nullable() })) });
const Flapping = z.object({ alerts: z.array(z.object({ alert_name: z.string(), transition_count: z.number() })) });
const Silences = z.array(z.object({ status: z.object({ state: z.string() }), recurrence: z.unknown().optional() }));
const Incidents = z.object({ incidents: z.array(z.object({ alerts: z.number(), labels: z.string() })) });

/** Events of the demo while its past is being made, as soon as there are `least`; 0 where they come too late. */
const countEvents = async (least: number, isLate: () => boolean): Promise<number> => {
  const found = await until(READY_WITHIN_MS, async () => {
    const answer = await fetch(
      `http://127.0.0.1:${port}/history?limit=500&from=${new Date(Date.now() - DAY_MS).toISOString()}`,
      {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        signal: AbortSignal.timeout(10_000),
      },
    ).catch(() => null);
    if (isLate()) return 0;
    if (answer?.ok !== true) return null;
    const { alerts } = Page.parse(await answer.json());
    return alerts.length >= least ? alerts.length : null;
  });
  return found ?? 0;
};

await report.attempt("the demo came to its end", async () => {
  let hasPassed = false;
  const starting = startInstance({ cwd: ROOT, command, env, withinMs: READY_WITHIN_MS }).finally(() => {
    hasPassed = true;
  });
  const early = await countEvents(1, () => hasPassed);
  const later = await countEvents(early + 1, () => hasPassed);
  report.check(
    "it can be watched while the past goes by",
    early > 0 && later > early,
    `${early}, then ${later} events`,
  );
  const demo = await starting;
  const printed = demo.output();
  report.check("and says so first", printed.indexOf("Watch it: http") < printed.indexOf("The demo runs at"));
  const began = Date.now() - 12 * 3_600_000;
  const read = async <T>(schema: z.ZodType<T>, path: string): Promise<T> => schema.parse(await readJson(demo, path));
  const range = `from=${new Date(began - 600_000).toISOString()}`;

  const { alerts } = await read(Page, `/history?limit=500&${range}`);
  const hours = new Set(alerts.map(({ received_at }) => received_at.slice(0, 13)));
  // At night there are fewer, and some hours without any.
  report.check(`${alerts.length} events in ${hours.size} hours`, alerts.length > 60 && hours.size >= 7);
  const { counts } = await read(Counts, "/api/v1/dead-letters/counts");
  const reasons = counts.map(({ target, reason }) => `${target} ${reason}`);
  report.check(
    "dead letters of the display that nobody hears",
    reasons.includes("wall-display refused"),
    reasons.join(),
  );
  const { sources, heartbeats } = await read(Senders, "/api/v1/senders");
  report.check("three senders", sources.length === 3, JSON.stringify(sources));
  const states = heartbeats.map(({ name, state }) => `${name} ${state}`);
  // After our own absence it is given its time before it counts as missing.
  report.check(
    "one heartbeat does not come",
    /^prometheus-ap-south (waiting|missing)$/.test(states.filter((text) => !text.endsWith(" alive")).join()),
    states.join(),
  );
  const { clusters, invalid } = await read(Status, "/publishing/targets/status");
  report.check("three clusters are read", clusters.filter(({ status }) => status === "ok").length === 3);
  report.check("one Secret is wrong", invalid.length === 1 && invalid[0]?.secret === "old-pager");
  const { alerts: flapping } = await read(Flapping, `/history/flapping?${range}`);
  report.check("one alert flaps", (flapping[0]?.transition_count ?? 0) > 15, JSON.stringify(flapping[0]));
  const { incidents } = await read(Incidents, "/api/v1/incidents?limit=50");
  report.check("an incident of many alerts", Math.max(...incidents.map((one) => one.alerts)) >= 15);
  const { targets } = await read(Times, "/api/v1/delivery-times?hours=24");
  const slow = targets.filter(({ p50_ms }) => p50_ms !== null && p50_ms > 60_000);
  report.check("the past was told in time", targets.length >= 4 && slow.length === 0, JSON.stringify(slow));
  const silences = await read(Silences, "/api/v2/silences");
  report.check(
    "a silence is in force",
    silences.some(({ status }) => status.state === "active"),
  );
  report.check(
    "one comes again every night",
    silences.some(({ recurrence }) => recurrence != null),
  );

  const newest = alerts[0]?.event_id;
  const goesOn = await until(HAPPENS_WITHIN_MS, async () => {
    const { alerts: now } = await read(Page, "/history/recent?limit=1");
    return now[0]?.event_id === newest ? null : true;
  });
  report.check("the shop goes on", goesOn === true);
  const second = await runToEnd({ cwd: ROOT, command, env });
  report.check("a second demo beside it is refused", second.code !== 0 && second.output.includes("runs in"));
  demo.signal("SIGTERM");
  report.check("Ctrl-C ends it", (await demo.ended) === 0);
  report.check("nothing of it is left running", !demo.groups.some(isGroupAlive));
});
rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 1_000 });
report.finish();
