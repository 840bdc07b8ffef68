import { defineConfig } from "vitest/config";

/** Plain Node: pure code, the exporter, the architecture. What needs workerd has its own project. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: [
            "test/core/**/*.test.ts",
            "test/contract/**/*.test.ts",
            "test/exporter/**/*.test.ts",
            "test/*.test.ts",
          ],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
