import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfig, VARIABLES } from "../../src/exporter/config.ts";
import { renderChart } from "./helm.ts";

const TOP = join(import.meta.dirname, "../..");
const DEPLOY = join(TOP, "src/exporter/deploy");
const CHART = join(DEPLOY, "helm");
const read = (path: string): string => readFileSync(join(DEPLOY, path), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: manifests are deep, and each assertion names the path it means
type Manifest = any;
const parseManifests = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS());
const ofKind = (manifests: Manifest[], kind: string): Manifest[] => manifests.filter((object) => object.kind === kind);

const RULES = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"] }];

/** Every right that the manifests give, to whom, and where. */
const rightsOf = (manifests: Manifest[]) =>
  manifests
    .filter(({ kind }) => ["RoleBinding", "ClusterRoleBinding"].includes(kind))
    .map((binding) => {
      const role = ofKind(manifests, binding.roleRef.kind).find(
        ({ metadata }) => metadata.name === binding.roleRef.name && metadata.namespace === binding.metadata.namespace,
      );
      const subjects = binding.subjects.map(
        (subject: Manifest) => `${subject.kind} ${subject.namespace}/${subject.name}`,
      );
      return { where: binding.metadata.namespace ?? "everywhere", rules: role?.rules, subjects };
    });

/** What the restricted Pod Security Standard and our own rules ask of the Deployment. */
const expectHardened = (manifests: Manifest[]): void => {
  const [deployment] = ofKind(manifests, "Deployment");
  const { spec, metadata } = deployment.spec.template;
  expect(metadata.labels).toMatchObject(deployment.spec.selector.matchLabels);
  expect(spec).toMatchObject({
    automountServiceAccountToken: true,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
  });
  expect(spec.containers).toHaveLength(1);
  expect(spec.containers[0]).toMatchObject({
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    livenessProbe: { httpGet: { path: "/healthz", port: "http" } },
    readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
    ports: [{ name: "http", containerPort: 8080 }],
    resources: { requests: { memory: "192Mi" }, limits: { memory: "384Mi" } },
  });
  for (const volume of spec.volumes) expect(Object.keys(volume)).toEqual(["name", "secret"]);
  const [service] = ofKind(manifests, "Service");
  expect(metadata.labels).toMatchObject(service.spec.selector);
  expect(service.spec.type ?? "ClusterIP").toBe("ClusterIP");
  const [policy] = ofKind(manifests, "NetworkPolicy");
  expect(metadata.labels).toMatchObject(policy.spec.podSelector.matchLabels);
  expect(policy.spec.policyTypes).toEqual(["Ingress", "Egress"]);
  expect(policy.spec.ingress[0].from[0].podSelector.matchLabels).toEqual({ "app.kubernetes.io/name": "cloudflared" });
  const [account] = ofKind(manifests, "ServiceAccount");
  expect([account.metadata.name, account.automountServiceAccountToken]).toEqual([spec.serviceAccountName, false]);
};

const envOf = (manifests: Manifest[]): Record<string, string> => {
  const [deployment] = ofKind(manifests, "Deployment");
  const entries = deployment.spec.template.spec.containers[0].env.map((item: Manifest) => [item.name, item.value]);
  return { ...ofKind(manifests, "ConfigMap")[0]?.data, ...Object.fromEntries(entries) };
};

/** The program accepts what the manifests set; mounted tokens stand in by value. */
const configOf = (manifests: Manifest[]) => {
  const { EXPORTER_TOKEN_FILE, NUDGE_TOKEN_FILE, ...env } = envOf(manifests);
  expect(EXPORTER_TOKEN_FILE).toMatch(/^\/etc\/alert-history\//);
  expect(Object.keys(env).filter((name) => !VARIABLES.some((known) => known === name))).toEqual([]);
  const token = "0123456789abcdef";
  const config = readConfig({ ...env, EXPORTER_TOKEN: token, ...(NUDGE_TOKEN_FILE ? { NUDGE_TOKEN: token } : {}) });
  if (!config.ok) throw new Error(config.error.join("; "));
  return config.value;
};

describe("the chart", () => {
  test("reads Secrets of the namespace of the release, and may do nothing else", () => {
    const manifests = renderChart(CHART, {});
    expect(rightsOf(manifests)).toEqual([
      { where: "alert-targets", rules: RULES, subjects: ["ServiceAccount alert-targets/exporter"] },
    ]);
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      "Deployment",
      "NetworkPolicy",
      "Role",
      "RoleBinding",
      "Service",
      "ServiceAccount",
    ]);
    expectHardened(manifests);
    expect(configOf(manifests)).toMatchObject({ cluster: "default", namespaces: ["alert-targets"], nudge: null });
  });

  test("reads several namespaces by a Role in each", () => {
    const manifests = renderChart(CHART, { namespaces: ["one", "two"], cluster: "prod-eu" });
    expect(rightsOf(manifests)).toEqual(
      ["one", "two"].map((where) => ({ where, rules: RULES, subjects: ["ServiceAccount alert-targets/exporter"] })),
    );
    expect(configOf(manifests)).toMatchObject({ cluster: "prod-eu", namespaces: ["one", "two"] });
  });

  test("reads all namespaces by a ClusterRole, only where that was chosen", () => {
    const manifests = renderChart(CHART, { allNamespaces: true });
    expect(rightsOf(manifests)).toEqual([
      { where: "everywhere", rules: RULES, subjects: ["ServiceAccount alert-targets/exporter"] },
    ]);
    expect(ofKind(manifests, "Role")).toEqual([]);
    expect(configOf(manifests).namespaces).toBeNull();
    expectHardened(manifests);
  });

  test("passes everything else on as the program reads it", () => {
    const manifests = renderChart(CHART, {
      labelSelectors: ["a=b", "c in (d,e)"],
      nudge: { url: "https://alerts.example.com", secretName: "worker", key: "t" },
      allowHttpTargets: "hook.example.com:8080",
      allowPrivateTargets: true,
      allowTargetPorts: "9093",
      logLevel: "debug",
      podLabels: { team: "a" },
    });
    const config = configOf(manifests);
    expect(config).toMatchObject({
      nudge: { url: "https://alerts.example.com/" },
      addresses: { allowHttpHosts: ["hook.example.com:8080"], allowPrivate: true, allowPorts: [9093] },
      logLevel: "debug",
    });
    expect(config.selectors.map(({ text }) => text)).toEqual(["a=b", "c in (d,e)"]);
    expectHardened(manifests);
  });

  test("a nudge without a Secret for its token is refused", () => {
    expect(() => renderChart(CHART, { nudge: { url: "https://a.example", secretName: "", key: "t" } })).toThrow(
      "nudge.secretName is needed",
    );
  });
});

describe("the Kustomize base", () => {
  const files = readdirSync(join(DEPLOY, "kustomize/base")).filter((name) => name !== "kustomization.yaml");
  const kustomization = parseManifests(read("kustomize/base/kustomization.yaml"))[0];
  const raw = files
    .flatMap((name) => parseManifests(read(`kustomize/base/${name}`)))
    .map((object) => ({ ...object, metadata: { namespace: kustomization.namespace, ...object.metadata } }));

  test("lists all its files", () => {
    expect([...kustomization.resources].sort()).toEqual(files.sort());
  });

  test("may read the Secrets of its own namespace, and is hardened as the chart is", () => {
    expect(rightsOf(raw)).toEqual([
      { where: "alert-targets", rules: RULES, subjects: ["ServiceAccount alert-targets/alert-history-exporter"] },
    ]);
    expect(ofKind(raw, "ClusterRole")).toEqual([]);
    expectHardened(raw);
    expect(ofKind(raw, "Namespace")[0].metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
  });

  test.for([
    ["base", "alert-targets", "alert-targets"],
    ["all-namespaces", "everywhere", "*"],
  ] as const)("as kubectl renders it: %s", ([folder, where, namespaces], context) => {
    const rendered = spawnSync("kubectl", ["kustomize", join(DEPLOY, "kustomize", folder)], { encoding: "utf8" });
    if (rendered.error !== undefined) {
      console.warn(`kubectl is not here (${rendered.error.message}): the rendered Kustomize files are not checked`);
      context.skip("kubectl is not installed");
    }
    expect(rendered.stderr).toBe("");
    const manifests = parseManifests(rendered.stdout);
    expect(rightsOf(manifests)).toEqual([
      { where, rules: RULES, subjects: ["ServiceAccount alert-targets/alert-history-exporter"] },
    ]);
    expectHardened(manifests);
    expect(envOf(manifests)).toMatchObject({ TARGET_NAMESPACES: namespaces, CLUSTER: "default" });
    configOf(manifests);
  });
});

describe("the container", () => {
  const dockerfile = read("Dockerfile");

  test("runs as a user without rights, builds nothing, and copies what exists", () => {
    expect(dockerfile).toContain("USER 65532:65532");
    expect(dockerfile.match(/^RUN .*$/gm)).toEqual(["RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund"]);
    for (const [, path = ""] of dockerfile.matchAll(/^COPY (src\/\S+)/gm))
      expect(() => readdirSync(dirname(join(TOP, path)))).not.toThrow();
  });

  test("brings every package that the program imports, in the version of the product", () => {
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
});
