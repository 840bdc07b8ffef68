import { describe, expect, test } from "vitest";
import { type AddressPolicy, checkAddress } from "../../../src/core/route/address.ts";
import { FORBIDDEN } from "./forbidden-urls.ts";

/** What a caller does: a URL that does not parse is refused as invalid before the address is looked at. */
const verdict = (text: string, policy: AddressPolicy = {}): string => {
  const url = URL.parse(text);
  return url === null ? "invalid_url" : (checkAddress(url, policy)?.reason ?? "allowed");
};

describe("forbidden by default", () => {
  const rows = Object.entries(FORBIDDEN).flatMap(([kind, urls]) => urls.map((url) => [kind, url] as const));
  test("the table is long enough to mean something", () => {
    expect(new Set(rows.map(([, url]) => url)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(150);
  });
  test.each(rows)("%s: %j", (_kind, url) => {
    expect(verdict(url)).not.toBe("allowed");
  });

  const closedAnyway = rows.filter(([kind]) => kind !== "plain http" && kind !== "an unusual port");
  test.each(closedAnyway)("even where http and every port are open, %s: %j", (_kind, url) => {
    expect(verdict(url, { allowHttpHosts: true, allowPorts: true })).not.toBe("allowed");
  });
});

describe("allowed by default", () => {
  test.each([
    "https://hooks.slack.com/services/T/B/x",
    "https://events.pagerduty.com/v2/enqueue",
    "https://example.com:443/",
    "https://example.com:8443/",
    "https://EXAMPLE.com/",
    "https://münchen.example/",
    "https://8.8.8.8/",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
    "https://[2606:4700::1111]/",
    "https://internal.example.com/",
    "https://localhost.example.com/",
    "https://10.example.com/",
    "https://notnip.io/",
  ])("%s", (url) => {
    expect(verdict(url)).toBe("allowed");
  });
});

describe("the reason", () => {
  test.each([
    ["http://example.com/", "insecure_url"],
    ["https://user:pw@example.com/", "invalid_url"],
    ["ftp://example.com/", "invalid_url"],
    ["https://127.0.0.1/", "blocked_host"],
    ["https://localhost/", "blocked_host"],
    ["https://example.com:22/", "blocked_host"],
  ])("of %s is %s", (url, reason) => {
    expect(verdict(url)).toBe(reason);
  });

  test("holds no part of the URL", () => {
    const url = new URL("http://canary-user:canary-pw@canary-host.local:4242/canary-path?canary=1");
    expect(JSON.stringify(checkAddress(url))).not.toContain("canary");
  });
});

describe("what an operator opens", () => {
  test.each<[string, string, AddressPolicy, string]>([
    ["http to a listed host", "http://hook.example.com/", { allowHttpHosts: ["hook.example.com"] }, "allowed"],
    ["http to another host", "http://other.example.com/", { allowHttpHosts: ["hook.example.com"] }, "insecure_url"],
    [
      "a listed host does not list its children",
      "http://a.hook.example.com/",
      { allowHttpHosts: ["hook.example.com"] },
      "insecure_url",
    ],
    ["http to every host", "http://other.example.com/", { allowHttpHosts: true }, "allowed"],
    [
      "a listed host without its port opens no port",
      "http://hook.example.com:9000/",
      { allowHttpHosts: ["hook.example.com"] },
      "blocked_host",
    ],
    [
      "a listed host and port",
      "http://hook.example.com:9000/",
      { allowHttpHosts: ["hook.example.com:9000"] },
      "allowed",
    ],
    ["http opens nothing private", "http://127.0.0.1/", { allowHttpHosts: true }, "blocked_host"],
    ["loopback", "https://127.0.0.1/", { allowPrivate: true }, "allowed"],
    ["private", "https://10.0.0.1/", { allowPrivate: true }, "allowed"],
    ["shared", "https://100.64.0.1/", { allowPrivate: true }, "allowed"],
    ["unique local IPv6", "https://[fd12::1]/", { allowPrivate: true }, "allowed"],
    ["a local name", "https://alertmanager.monitoring.svc/", { allowPrivate: true }, "allowed"],
    ["private opens no http", "http://127.0.0.1/", { allowPrivate: true }, "insecure_url"],
    ["metadata stays shut", "https://169.254.169.254/", { allowPrivate: true }, "blocked_host"],
    ["metadata in the shared range stays shut", "https://100.100.100.200/", { allowPrivate: true }, "blocked_host"],
    ["metadata by name stays shut", "https://metadata.google.internal/", { allowPrivate: true }, "blocked_host"],
    ["metadata in IPv6 stays shut", "https://[fd00:ec2::254]/", { allowPrivate: true }, "blocked_host"],
    ["link-local stays shut", "https://169.254.1.1/", { allowPrivate: true }, "blocked_host"],
    ["multicast stays shut", "https://224.0.0.1/", { allowPrivate: true }, "blocked_host"],
    ["IPv4-mapped stays shut", "https://[::ffff:127.0.0.1]/", { allowPrivate: true }, "blocked_host"],
    ["a listed port", "https://example.com:9093/", { allowPorts: [9093] }, "allowed"],
    ["another port than the listed one", "https://example.com:9094/", { allowPorts: [9093] }, "blocked_host"],
    ["every port", "https://example.com:9094/", { allowPorts: true }, "allowed"],
    ["a laptop", "http://127.0.0.1:8787/sink", { allowHttpHosts: ["127.0.0.1:8787"], allowPrivate: true }, "allowed"],
  ])("%s", (_sentence, url, policy, wanted) => {
    expect(verdict(url, policy)).toBe(wanted);
  });
});
