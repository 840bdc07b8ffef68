/** The container: every step of its file carried out in an empty folder, and its program run with no right to write. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage, type Image } from "./dockerfile.ts";
import { eventually, kubeConfigFile, TOKEN } from "./harness.ts";
import { KubernetesApi, LABEL } from "./kubernetes-api.ts";

const TOP = join(import.meta.dirname, "../..");
const DEPLOY = join(TOP, "src/exporter/deploy");
const read = (path: string): string => readFileSync(join(DEPLOY, path), "utf8");
const folder = mkdtempSync(join(tmpdir(), "container-"));
/** Of the manifests: the kernel ends whatever takes more. */
const MEMORY_LIMIT_KB = 384 * 1024;
const SECRETS = 1000;
/** An installation of packages from the registry, which may be slow. */
const INSTALLED_WITHIN_MS = 300_000;

let image: Image;
const api = new KubernetesApi();
let child: ChildProcess | null = null;
beforeAll(async () => {
  chmodSync(folder, 0o755);
  // What the clean install before this test fetched is not fetched again.
  const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", npm_config_prefer_offline: "true" };
  image = buildImage(TOP, join(DEPLOY, "Dockerfile"), folder, env);
  mkdirSync(join(image.root, "bin"));
  copyFileSync(process.execPath, join(image.root, "bin/node"));
  await api.start();
}, INSTALLED_WITHIN_MS);
afterAll(async () => {
  child?.kill("SIGKILL");
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the image", () => {
  test("holds the program, what it needs at run time and nothing else", () => {
    const app = join(image.root, image.workdir);
    expect(readdirSync(app).sort()).toEqual(["node_modules", "package-lock.json", "package.json", "src"]);
    expect(readdirSync(join(app, "src")).sort()).toEqual(["core", "exporter"]);
    const own = JSON.parse(read("package.json")) as { dependencies: object };
    for (const name of Object.keys(own.dependencies)) expect(existsSync(join(app, "node_modules", name))).toBe(true);
    for (const name of ["typescript", "vitest", "wrangler", "esbuild", "hono"])
      expect(existsSync(join(app, "node_modules", name)), name).toBe(false);
    // No program that the kernel would run: the packages are JavaScript, nothing is built.
    expect(globSync("**/*.node", { cwd: app })).toEqual([]);
    expect(globSync("src/exporter/deploy/{helm,kustomize}/**", { cwd: app })).toEqual([]);
  });

  test("runs as a user without rights", () => {
    expect(image.user).toBe("65532:65532");
    expect(read("Dockerfile").match(/^RUN .*$/gm)).toEqual([
      "RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund",
    ]);
  });

  test("serves a thousand Secrets within the memory of the manifests, writing nothing, and stops when told", async () => {
    for (let i = 0; i < SECRETS; i += 1) {
      const data = { url: `https://hook.example.com/${i}`, description: "d".repeat(500) };
      api.put({ namespace: "alerts", name: `t-${i}`, labels: LABEL, data });
    }
    const kubeConfig = kubeConfigFile(join(folder, "kube"), api.url, "token");
    const isRoot = process.getuid?.() === 0;
    const [uid = 0, gid = 0] = image.user.split(":").map(Number);
    const [program = "", ...args] = image.command;
    const process_ = spawn(join(image.root, "bin", program), args, {
      cwd: join(image.root, image.workdir),
      // Everybody else is without rights already.
      ...(isRoot ? { uid, gid } : {}),
      env: {
        ...image.env,
        // Node itself refuses every write, also where the file system would not.
        NODE_OPTIONS: "--permission --allow-fs-read=*",
        KUBECONFIG: kubeConfig,
        ...{ EXPORTER_TOKEN: TOKEN, TARGET_NAMESPACES: "alerts", HOST: "127.0.0.1", PORT: "0" },
        SHUTDOWN_DELAY_SECONDS: "0",
      } as unknown as NodeJS.ProcessEnv,
    });
    child = process_;
    let output = "";
    for (const stream of [process_.stdout, process_.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    const port = await eventually(() => {
      const found = /"message":"listening","port":(\d+)/.exec(output)?.[1];
      expect(found, output).toBeDefined();
      return found;
    });
    for (let round = 0; round < 20; round += 1) {
      api.put({ namespace: "alerts", name: "t-0", labels: LABEL, data: { url: `https://hook.example.com/v${round}` } });
      await eventually(async () => {
        const headers = { Authorization: `Bearer ${TOKEN}` };
        const answer = await fetch(`http://127.0.0.1:${port}/targets`, { headers });
        const { targets } = (await answer.json()) as { targets: { target: { url: string } }[] };
        expect(targets).toHaveLength(SECRETS);
        expect(targets[0]?.target.url).toBe(`https://hook.example.com/v${round}`);
      });
    }
    if (process.platform === "linux") {
      const status = readFileSync(`/proc/${process_.pid}/status`, "utf8");
      expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(MEMORY_LIMIT_KB);
    }
    process_.kill("SIGTERM");
    expect(await once(process_, "exit")).toEqual([0, null]);
    expect(output).not.toMatch(/ERR_ACCESS_DENIED|EACCES|EROFS/);
  });
});

test("its own list of packages is what the program imports, in the versions of the product", () => {
  const own = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const top = JSON.parse(readFileSync(join(TOP, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, type, ...specifiers] of readFileSync(path, "utf8").matchAll(
      /^(?:import|export)( type)? [^;]*?from "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gms,
    )) {
      const specifier = specifiers.find((found) => found !== undefined) ?? "";
      if (specifier.startsWith(".")) follow(join(dirname(path), specifier));
      else if (type === undefined && !specifier.startsWith("node:")) packages.add(specifier);
    }
  };
  follow(join(TOP, "src/exporter/main.ts"));
  expect([...packages].sort()).toEqual(Object.keys(own.dependencies).sort());
  for (const [name, version] of Object.entries(own.dependencies))
    expect([name, top.dependencies[name]]).toEqual([name, version]);
  const lock = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { dependencies?: object; version?: string }>;
  };
  expect(lock.packages[""]?.dependencies).toEqual(own.dependencies);
  const topLock = JSON.parse(readFileSync(join(TOP, "package-lock.json"), "utf8")) as typeof lock;
  const differing = Object.keys(lock.packages).filter(
    (path) => path !== "" && lock.packages[path]?.version !== topLock.packages[path]?.version,
  );
  expect(differing).toEqual([]);
});
