/**
 * Drives a running `npm start` with the real amtool and records every exchange, for test/worker/amtool.test.ts to replay.
 * Needs amtool (Debian: prometheus-alertmanager 0.25): `node test/e2e/amtool.ts` writes test/fixtures/amtool.json anew.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../src/local/files.ts";
import { type Instance, readJson, startInstance, startScript, until } from "./instance.ts";

interface Exchange {
  /** When it was asked: a replay moves the times in it. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
  readonly status: number;
  readonly type: string;
  readonly answer: string;
}
interface Recorded {
  readonly command: string;
  readonly exit: number;
  readonly output: string;
  readonly exchanges: readonly Exchange[];
}

const DOCUMENT = `route:
  receiver: default
  group_by: [alertname]
  routes:
    - receiver: pager
      matchers: ['severity="critical"']
receivers:
  - name: default
  - name: pager
    webhook_configs:
      - url: https://pager.example.com/hook
`;

const home = mkdtempSync(join(tmpdir(), "amtool-"));
const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
};

const exchanges: Exchange[] = [];
const startProxy = (instance: Instance): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer(async (request, response) => {
      const at = new Date().toISOString();
      const { method = "GET", url: path = "/" } = request;
      const body = await bodyOf(request);
      const { authorization = "", "content-type": sent } = request.headers;
      const answered = await fetch(`${instance.url}${path}`, {
        method,
        headers: { authorization, ...(sent === undefined ? {} : { "content-type": sent }) },
        ...(body === "" ? {} : { body }),
      });
      const answer = await answered.text();
      const type = answered.headers.get("content-type") ?? "";
      // The scheme tells what a client needs; the token is nobody's business.
      const scheme = authorization.split(" ")[0] ?? "";
      exchanges.push({ at, method, path, authorization: scheme, body, status: answered.status, type, answer });
      response.writeHead(answered.status, { "content-type": type }).end(answer);
    });
    server.listen(0, "127.0.0.1", () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
    server.unref();
  });

const recorded: Recorded[] = [];
const amtool = (from: readonly string[], ...args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    exchanges.length = 0;
    const child = spawn("amtool", [...from, ...args], { cwd: home, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.once("close", (exit) => {
      recorded.push({ command: args.join(" "), exit: exit ?? 1, output, exchanges: [...exchanges] });
      resolve(output);
    });
  });

const record = async (instance: Instance): Promise<void> => {
  const configured = await fetch(`${instance.url}/api/v1/config`, {
    method: "PUT",
    headers: { authorization: `Bearer ${instance.adminToken}` },
    body: DOCUMENT,
  });
  if (!configured.ok) throw new Error(await configured.text());
  const host = await startProxy(instance);
  const basic = [`--alertmanager.url=http://any:${instance.adminToken}@${host}`];
  writeFileSync(
    join(home, "http.yml"),
    JSON.stringify({ authorization: { type: "Bearer", credentials: instance.adminToken } }),
  );
  const bearer = [`--alertmanager.url=http://${host}`, "--http.config.file=http.yml"];
  const run = (...args: readonly string[]): Promise<string> => amtool(basic, ...args);

  await run("alert", "add", "alertname=Amtool", "severity=critical", "i=1", "--annotation=summary=it burns");
  await run("alert", "add", "alertname=Amtool", "i=2", "--generator-url=http://prom/graph");
  await until(10_000, async () => ((await readJson(instance, "/api/v2/alerts")) as unknown[]).length === 2 || null);
  await run("alert", "query");
  await run("-o", "extended", "alert", "query", "severity=critical");
  await run("-o", "json", "alert", "query", 'alertname=~"Am.*"', "i!=1", "--receiver=default");
  await amtool(bearer, "alert", "query", "--active");
  const id = (
    await run("silence", "add", "alertname=Amtool", "i=1", "-a", "ann", "-d", "1h", "-c", "a disk is changed")
  ).trim();
  await run("alert", "query", "--silenced");
  await run("alert", "query");
  await run("silence", "query");
  await run("silence", "query", "alertname=Amtool", "--created-by=ann", "--within=2h");
  await run("silence", "update", "-d", "3h", "-c", "a slow disk", id);
  writeFileSync(join(home, "silences.json"), await run("-o", "json", "silence", "query"));
  await run("silence", "expire", id);
  await run("silence", "query", "--expired");
  await run("silence", "import", "silences.json");
  await run("silence", "query", "-q");
  await run("silence", "expire", "00000000-0000-4000-8000-000000000000");
  const shown = await run("config", "show");
  await run("config", "routes", "show");
  await run("config", "routes", "test", "--verify.receivers=pager", "severity=critical");
  await run("config", "routes", "test", "--verify.receivers=default", "severity=info");
  await run("cluster", "show");
  writeFileSync(join(home, "shown.yml"), shown);
  await run("check-config", "shown.yml");
};

const instance = await startInstance({
  cwd: ROOT,
  command: startScript(ROOT),
  env: { PORT: "0", STATE_DIR: join(home, "state") },
});
try {
  await record(instance);
  const file = join(ROOT, "test/fixtures/amtool.json");
  writeFileSync(file, `${JSON.stringify({ amtool: "0.25.0", document: DOCUMENT, recorded }, null, 2)}\n`);
  for (const { command, exit, exchanges: all } of recorded) console.log(`${exit} ${command} (${all.length} exchanges)`);
} finally {
  await instance.cut();
  rmSync(home, { recursive: true, force: true });
}
