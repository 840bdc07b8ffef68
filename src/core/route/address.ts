/**
 * Where a request of ours may go: public HTTPS addresses, and what the operator opened. Targets are input of users, so
 * each address is checked when it is read and again when it is sent to. It judges the URL alone: a public name that
 * resolves to a private address is for the network to refuse.
 */
import ipaddr from "ipaddr.js";

/** What a WHATWG URL parser makes of a URL; odd spellings of an address (hex, octal, one number) are normal by then. */
export interface AddressParts {
  /** With its colon, as `URL.protocol`. */
  readonly protocol: string;
  /** Lower case; IPv6 in brackets. */
  readonly hostname: string;
  /** Empty: the default of the protocol. */
  readonly port: string;
  readonly username: string;
  readonly password: string;
}

export interface AddressPolicy {
  /** Plain http is allowed to these (`host` or `host:port`, the latter opens the port too); true: to every host. */
  readonly allowHttpHosts?: readonly string[] | boolean;
  /** Opens loopback, private, shared (CGNAT) and local names; never link-local and metadata services. */
  readonly allowPrivate?: boolean;
  /** Ports beside 443 and 8443 (and 80 for http); true: every port. */
  readonly allowPorts?: readonly number[] | boolean;
}

export interface AddressDefect {
  readonly reason: "insecure_url" | "blocked_host" | "invalid_url";
  /** A sentence without any part of the URL: the URL may itself be a secret. */
  readonly detail: string;
}

const USUAL_PORTS = [443, 8443];

/** Reachable from inside a cloud machine only, and handing out its credentials. */
const METADATA_HOSTS = new Set([
  "169.254.169.254",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "[fd00:ec2::254]",
  "[fd20:ce::254]",
  "metadata.google.internal",
  "instance-data.ec2.internal",
]);

/** Special-use names (RFC 6761, 6762, 7686, 8375, ICANN's .internal) and the ones private networks made a habit of. */
const LOCAL_SUFFIXES = [
  ...["localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"],
  ...["svc", "consul", "onion", "invalid", "in-addr.arpa", "ip6.arpa"],
];

/** Public names whose purpose is to resolve to whatever private address is written in them. */
const REBINDING_SUFFIXES = ["nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me", "lacolhost.com", "vcap.me"];

const OPENED_BY_ALLOW_PRIVATE = new Set(["loopback", "private", "carrierGradeNat", "uniqueLocal"]);

const endsIn = (hostname: string, suffixes: readonly string[]): boolean =>
  suffixes.some((suffix) => hostname === suffix || hostname.endsWith(`.${suffix}`));

/** Why this host is not for us, as the end of a sentence; null: it is public, or opened. */
const hostDefect = (hostname: string, allowPrivate: boolean): string | null => {
  if (METADATA_HOSTS.has(hostname)) return "is a cloud metadata service";
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  if (ipaddr.isValid(bare)) {
    const address = ipaddr.parse(bare);
    const range = address.range();
    if (allowPrivate && OPENED_BY_ALLOW_PRIVATE.has(range)) return null;
    if (range !== "unicast") return `is ${/^[aeiou]/.test(range) ? "an" : "a"} ${range} address`;
    // Global unicast is 2000::/3; the rest holds the IPv4-compatible addresses and ranges not assigned to anybody.
    const isGlobal = address.kind() === "ipv4" || ((address.toByteArray()[0] ?? 0) & 0xe0) === 0x20;
    return isGlobal ? null : "is not a global address";
  }
  // `evil.example.` and `evil.example` are one host with two spellings, which defeats every list of names.
  if (hostname.endsWith(".")) return "ends in a dot";
  if (allowPrivate) return null;
  if (!hostname.includes(".")) return "is a local name";
  if (endsIn(hostname, LOCAL_SUFFIXES)) return "is a local name";
  return endsIn(hostname, REBINDING_SUFFIXES) ? "resolves to private addresses" : null;
};

const allowsHttp = (hosts: AddressPolicy["allowHttpHosts"], hostname: string, port: string): boolean =>
  hosts === true ||
  (Array.isArray(hosts) && (hosts.includes(hostname) || hosts.includes(`${hostname}:${port || "80"}`)));

const allowsPort = (policy: AddressPolicy, parts: AddressParts): boolean => {
  if (parts.port === "" || policy.allowPorts === true) return true;
  const port = Number(parts.port);
  if (USUAL_PORTS.includes(port)) return true;
  if (Array.isArray(policy.allowPorts) && policy.allowPorts.includes(port)) return true;
  return Array.isArray(policy.allowHttpHosts) && policy.allowHttpHosts.includes(`${parts.hostname}:${parts.port}`);
};

/** null where a request may go to this address, else the reason of contracts 9.4. */
export const checkAddress = (parts: AddressParts, policy: AddressPolicy = {}): AddressDefect | null => {
  if (parts.protocol !== "https:" && parts.protocol !== "http:") {
    return { reason: "invalid_url", detail: "the scheme must be https" };
  }
  if (parts.username !== "" || parts.password !== "") {
    return { reason: "invalid_url", detail: "user name and password do not belong into a URL" };
  }
  if (parts.hostname === "") return { reason: "invalid_url", detail: "the host is missing" };
  if (parts.protocol === "http:" && !allowsHttp(policy.allowHttpHosts, parts.hostname, parts.port)) {
    return { reason: "insecure_url", detail: "plain http is not allowed to this host" };
  }
  const defect = hostDefect(parts.hostname, policy.allowPrivate === true);
  if (defect !== null) return { reason: "blocked_host", detail: `the host ${defect}` };
  if (!allowsPort(policy, parts)) return { reason: "blocked_host", detail: "the port is not allowed" };
  return null;
};
