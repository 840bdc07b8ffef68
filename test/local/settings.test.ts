import { describe, expect, test } from "vitest";
import { readSettings } from "../../src/local/settings.ts";
import { declaredVariables, variablesFrom } from "../../src/local/variables.ts";

describe("settings of a local run", () => {
  test("an empty environment gives the defaults", () => {
    expect(readSettings({}, "/somewhere")).toEqual({
      ok: true,
      value: {
        port: 8787,
        stateDir: "/somewhere/.state",
        sinkPort: null,
        adminToken: null,
        ingestToken: null,
      },
    });
  });

  test("what is given is taken", () => {
    const env = {
      PORT: "0",
      STATE_DIR: "/elsewhere",
      SINK_PORT: "9",
      ADMIN_TOKEN: "a",
      INGEST_TOKEN: "i",
    };
    expect(readSettings(env, "/somewhere")).toEqual({
      ok: true,
      value: {
        port: 0,
        stateDir: "/elsewhere",
        sinkPort: 9,
        adminToken: "a",
        ingestToken: "i",
      },
    });
  });

  test("an empty variable counts as not set", () => {
    const read = readSettings({ PORT: "", STATE_DIR: "", ADMIN_TOKEN: "" }, "/somewhere");
    expect(read.ok && [read.value.port, read.value.stateDir, read.value.adminToken]).toEqual([
      8787,
      "/somewhere/.state",
      null,
    ]);
  });

  test.each([
    ["a port that is no number", { PORT: "http" }, "PORT must be"],
    ["a negative port", { PORT: "-1" }, "PORT must be"],
    ["a port beyond the last", { PORT: "65536" }, "PORT must be"],
    ["a wrong port of the sink", { SINK_PORT: "x" }, "SINK_PORT must be"],
    ["a token with a space", { ADMIN_TOKEN: "s3cret word" }, "ADMIN_TOKEN must be"],
    ["a token with a line break", { INGEST_TOKEN: "s3cret\nX-Other: 1" }, "INGEST_TOKEN must be"],
  ])("%s is refused by name and without its value where that is secret", (_, env, sentence) => {
    const read = readSettings(env, "/somewhere");
    expect(read.ok).toBe(false);
    expect(!read.ok && read.error).toContain(sentence);
    expect(!read.ok && read.error).not.toContain("s3cret");
  });
});

describe("variables for the Worker", () => {
  test("are those it declares as texts", () => {
    const types =
      "interface A {\n  readonly ONE?: string;\n\tTWO: string;\n  readonly DB: D1Database;\n  three: string;\n}";
    expect(declaredVariables(types)).toEqual(["ONE", "TWO"]);
  });

  test("are passed on, secrets of others and what the run decides are not", () => {
    const env = {
      LOG_LEVEL: "debug",
      RESOLVE_TIMEOUT: "60",
      ENVIRONMENT: "production",
      ENCRYPTION_KEYS: "k9:other",
      AWS_SECRET_ACCESS_KEY: "other people's",
    };
    expect(variablesFrom(env)).toEqual({ LOG_LEVEL: "debug", RESOLVE_TIMEOUT: "60" });
  });
});
