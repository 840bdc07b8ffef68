import { describe, expect, test } from "vitest";
import { readClusters } from "../../../src/core/route/cluster.ts";

const options = { parseUrl: (text: string) => URL.parse(text), allowPorts: true as const };
const GOOD = { name: "prod", url: "https://exporter.example.com/", token: "t0ken" };
const read = (...entries: unknown[]) => readClusters(JSON.stringify(entries), options);

test("a cluster with its defaults, and with everything", () => {
  expect(
    read(GOOD, {
      ...GOOD,
      name: "two",
      url: "https://e.example.com:9443/base?x=1#y",
      headers: { A: "b" },
      interval_seconds: 60,
      enabled: false,
    }),
  ).toEqual({
    clusters: [
      {
        name: "prod",
        url: "https://exporter.example.com",
        token: "t0ken",
        headers: {},
        intervalMs: 300_000,
        enabled: true,
      },
      {
        name: "two",
        url: "https://e.example.com:9443/base",
        token: "t0ken",
        headers: { A: "b" },
        intervalMs: 60_000,
        enabled: false,
      },
    ],
    errors: [],
    refused: [],
  });
});

test("absent is not the same as empty", () => {
  expect(readClusters(undefined, options).clusters).toBeNull();
  expect(readClusters(" ", options).clusters).toBeNull();
  expect(readClusters("[]", options)).toEqual({ clusters: [], errors: [], refused: [] });
});

describe("refused, told by path and without a value, the others unharmed", () => {
  test.each<[sentence: string, entry: unknown, error: string]>([
    ["no object", "c4n4ry", "CLUSTERS/0 must be"],
    ["no name", { ...GOOD, name: "" }, "CLUSTERS/0/name"],
    ["the name of static targets", { ...GOOD, name: "static" }, "CLUSTERS/0/name"],
    ["no URL", { ...GOOD, url: "c4n4ry" }, "CLUSTERS/0/url"],
    ["plain http", { ...GOOD, url: "http://c4n4ry.example.com" }, "CLUSTERS/0/url: plain http"],
    ["a private address", { ...GOOD, url: "https://10.0.0.1" }, "CLUSTERS/0/url: the host"],
    ["a metadata service", { ...GOOD, url: "https://169.254.169.254" }, "CLUSTERS/0/url: the host"],
    ["user info", { ...GOOD, url: "https://u:c4n4ry@example.com" }, "CLUSTERS/0/url: user name"],
    ["no token", { ...GOOD, token: undefined }, "CLUSTERS/0/token"],
    ["a token with a line break", { ...GOOD, token: "c4n4ry\n" }, "CLUSTERS/0/token"],
    ["headers that are none", { ...GOOD, headers: { "a b": "c4n4ry" } }, "CLUSTERS/0/headers"],
    ["an interval below a minute", { ...GOOD, interval_seconds: 59 }, "CLUSTERS/0/interval_seconds"],
    ["an enabled that is neither", { ...GOOD, enabled: "c4n4ry" }, "CLUSTERS/0/enabled"],
  ])("%s", (_, entry, error) => {
    const clusters = read(entry, { ...GOOD, name: "good" });
    expect(clusters.clusters?.map(({ name }) => name)).toEqual(["good"]);
    expect(clusters.errors).toHaveLength(1);
    expect(clusters.errors[0]).toContain(error);
    expect(JSON.stringify(clusters.errors)).not.toContain("c4n4ry");
  });

  test("text that is not JSON, or no list", () => {
    for (const text of ["c4n4ry", '{"c4n4ry":1}']) {
      const clusters = readClusters(text, options);
      expect([clusters.clusters, clusters.errors.length]).toEqual([null, 1]);
      expect(JSON.stringify(clusters)).not.toContain("c4n4ry");
    }
  });

  test("a name twice: the first keeps it", () => {
    const clusters = read(GOOD, { ...GOOD, url: "https://other.example.com" });
    expect(clusters.clusters).toHaveLength(1);
    expect(clusters.errors).toEqual(["CLUSTERS/1/name is taken by an earlier entry"]);
  });
});
