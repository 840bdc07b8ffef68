import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { buildDashboardOnce } from "../src/local/build-dashboard.ts";

// The Worker has it as its assets, and does not start without the folder.
await buildDashboardOnce();

/** 32 bytes, only ever used by tests. */
const TEST_KEY = `k1:${Buffer.alloc(32, 7).toString("base64")}`;

const TEST_CLUSTERS = JSON.stringify(
  ["alpha", "beta"].map((name) => ({
    name,
    url: `https://${name}.exporter.test`,
    token: `${name}-token`,
    headers: { "CF-Access-Client-Id": `${name}-access` },
  })),
);

/** What takes longer has failed: a machine with two slow cores runs many files beside each other. */
const PATIENCE = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } };

/** Only the optimizer makes them loadable in the runtime. */
const CJS_AROUND_ESM = ["itty-durable", "itty-router"];
/** Every test file loads them anew; as one file each that takes a second less. */
const MANY_MODULES = ["@hono/zod-openapi", "hono", "hono/route", "hono/factory", "zod", "re2js", "yaml", "uuid"].concat(
  ["drizzle-orm", "drizzle-orm/sqlite-core", "ipaddr.js", "standardwebhooks"],
);

export default defineConfig(async () => ({
  test: {
    silent: "passed-only" as const,
    teardownTimeout: 60_000,
    // On two cores it would take one, and wait for timers and disks half of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        // Plain Node: pure code, formats, the exporter, what of the dashboard needs no browser, the architecture.
        test: {
          name: "node",
          include: [
            "test/core/**/*.test.ts",
            "test/contract/**/*.test.ts",
            "test/dashboard/**/*.test.ts",
            "test/exporter/**/*.test.ts",
            "test/local/**/*.test.ts",
            "test/*.test.ts",
          ],
          ...PATIENCE,
        },
      },
      {
        // The real runtime: Durable Objects, D1 and queues as they are.
        plugins: [
          cloudflareTest({
            remoteBindings: false,
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ENVIRONMENT: "local",
                ALLOW_PRIVATE_TARGETS: "local",
                ADMIN_TOKEN: "test-admin",
                INGEST_TOKEN: "test-ingest",
                ENCRYPTION_KEYS: TEST_KEY,
                CLUSTERS: TEST_CLUSTERS,
                // Events of the test that counts the rows lists read.
                TEST_MANY_EVENTS: process.env["MANY_EVENTS"] ?? "100000",
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          provide: { histories: Number(process.env.HISTORIES ?? 150) },
          include: ["test/worker/**/*.test.ts"],
          setupFiles: ["./test/support/migrations.ts"],
          ...PATIENCE,
          deps: { optimizer: { ssr: { enabled: true, include: [...CJS_AROUND_ESM, ...MANY_MODULES] } } },
        },
      },
    ],
  },
}));
