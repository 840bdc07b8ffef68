/**
 * Where a request of ours really goes: listeners on this machine count connections while the service, as it is deployed, is
 * offered their addresses in every spelling, and while a receiver sends it on to them.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { hostname, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchRuntime, build, startService, TOKEN } from "../bench/runtime.ts";
import { startReport } from "./report.ts";

const report = startReport();

/** Every spelling of this machine: each of them would reach the listener if it were asked for. */
const HOSTS = [
  ...["127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.1"],
  ...["017700000001", "0177.0.0.1", "0x7f.0.0.1", "0177.0x0.0.01", "%31%32%37.0.0.1", "127%2E0%2E0%2E1"],
  ...["127。0。0。1", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "0.0.0.0", "0", "0x0", "00.0.0.0"],
  ...["[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::]"],
  ...["localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "ⓛocalhost"],
  ...["user@127.0.0.1", "user:secret@localhost", "example.com@127.0.0.1", ":x@[::1]"],
  ...[hostname(), ...Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))]
    .filter((host) => !host.startsWith("fe80"))
    .map((host) => (host.includes(":") ? `[${host}]` : host)),
];
const OTHER = [
  "data:text/plain,x",
  "data:application/json;base64,e30=",
  "file:///etc/hostname",
  "//127.0.0.1/",
  "blob:x",
];

/** Counts connections on every address of this machine; what they say is of no interest. */
const startTrap = async (): Promise<{ port: number; count: () => number; close: () => void }> => {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  try {
    server.listen(0, "::");
    await once(server, "listening");
  } catch {
    // A machine without IPv6.
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
  }
  return { port: (server.address() as AddressInfo).port, count: () => connections, close: () => server.close() };
};

/** Sends every request on to where it is told. */
const startRedirector = async (): Promise<{
  url: string;
  to: (status: number, location: string) => void;
  close: () => void;
}> => {
  let next = { status: 302, location: "" };
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(next.status, { location: next.location }).end());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to: (status, location) => {
      next = { status, location };
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

const ask = async (runtime: BenchRuntime, path: string, body: unknown): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${runtime.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
};
const store = (runtime: BenchRuntime, name: string, url: string) =>
  ask(runtime, "/api/v1/targets", { name, type: "webhook", url });

/** A test delivery, and a probe: both ways on which a request leaves for a target. */
const use = async (runtime: BenchRuntime, name: string): Promise<string> => {
  const sent = await ask(runtime, `/publishing/test/${name}`, { timeout_seconds: 30 });
  const probed = await ask(runtime, `/publishing/targets/health/${name}/check`, {});
  return `${sent.status} ${sent.text} ${probed.status}`;
};

const run = async (): Promise<void> => {
  const script = build("src/worker/index.ts", "service");
  const stateDir = mkdtempSync(join(tmpdir(), "reach-"));
  const trap = await startTrap();
  const redirector = await startRedirector();
  const urls = [
    ...HOSTS.flatMap((host) => ["http", "https"].map((scheme) => `${scheme}://${host}:${trap.port}/in`)),
    ...HOSTS.flatMap((host) => (host.includes("@") ? [] : [`https://${host}/in`])),
    ...OTHER,
  ];
  const local = await startService(script, { stateDir, vars: { LOG_LEVEL: "error" } });
  const kept: string[] = [];
  for (const [i, url] of urls.entries())
    if ((await store(local, `local-${i}`, url)).status === 201) kept.push(`local-${i}`);
  await use(local, kept[0]!);
  report.check("a local run reaches the listener, so that counting it means something", trap.count() > 0);

  await store(local, "redirects", redirector.url);
  // One of its own: the delivery above is tried again and again.
  const behind = await startTrap();
  for (const status of [301, 302, 303, 307, 308]) {
    for (const location of [`http://127.0.0.1:${behind.port}/`, `//127.0.0.1:${behind.port}/`, "data:text/plain,ok"]) {
      redirector.to(status, location);
      const answer = await use(local, "redirects");
      const refused = answer.includes('"success":false') && answer.includes(`"status_code":${status}`);
      report.check(`${status} to ${location.split(":")[0] || "//"}… is an answer`, refused, answer);
    }
  }
  report.check("no redirect was followed", behind.count() === 0, `${behind.count()} connections`);
  behind.close();
  await local.close();

  const deployed = await startService(script, { stateDir, vars: { ENVIRONMENT: "production", LOG_LEVEL: "error" } });
  const reached = trap.count();
  const accepted: string[] = [];
  for (const [i, url] of urls.entries()) {
    const { status } = await store(deployed, `deployed-${i}`, url);
    if (status < 400) accepted.push(url);
  }
  report.check(
    `none of ${urls.length} spellings is stored by a deployment`,
    accepted.length === 0,
    accepted.join("\n"),
  );
  for (const name of kept) await use(deployed, name);
  await ask(deployed, "/publishing/parallel/all", { alert: { labels: { alertname: "Reach" } } });
  const connections = trap.count() - reached;
  const what = `${kept.length} stored while it was local reach nobody once it is deployed, although the relaxation is still set`;
  report.check(what, kept.length >= 20 && connections === 0, `${kept.length} kept, ${connections} connections`);
  const ready = await fetch(`${deployed.url}/readyz`, { headers: { authorization: `Bearer ${TOKEN}` } });
  report.check("such a deployment is not ready", ready.status === 503, String(ready.status));
  await deployed.close();
  trap.close();
  redirector.close();
  rmSync(stateDir, { recursive: true, force: true });
};

await report.attempt("the run came to its end", run);
report.finish();
process.exit();
