/** The manifests as the real helm and kubectl see them, and as the schemas of Kubernetes do. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { sampleManifest } from "../../src/local/discovery.ts";
import { type DiscoveryApi, startDiscoveryApi } from "./discovery-api.ts";
import { schemaDefects } from "./kubernetes-schema.ts";
import {
  configOf,
  envOf,
  expectHardened,
  type Manifest,
  ofKind,
  parseManifests,
  rightsOf,
  SECRETS_ONLY,
} from "./manifests.ts";
import { NO_TOOLS, type Tools, unpackTools } from "./tools.ts";

const DEPLOY = join(import.meta.dirname, "../../src/exporter/deploy");
const CHART = join(DEPLOY, "helm");
const scratch = mkdtempSync(join(tmpdir(), "deploy-"));

let tools: Tools;
let api: DiscoveryApi;
beforeAll(async () => {
  if (NO_TOOLS === null) tools = unpackTools();
  api = await startDiscoveryApi();
});
afterAll(() => {
  api.stop();
  tools?.remove();
  rmSync(scratch, { recursive: true });
});

/** Renders the chart as an operator of the oldest version it allows would, with these values over its own. */
const helm = (values: object, ...args: string[]) => {
  const file = join(scratch, "values.json");
  writeFileSync(file, JSON.stringify(values));
  const command = ["template", "exporter", CHART, "-n", "alert-targets", "-f", file, "--kube-version", "1.25.0"];
  return tools.helm(...command, ...args);
};
const render = async (values: object): Promise<Manifest[]> => {
  const { code, out, err } = await helm(values);
  if (code !== 0) throw new Error(err);
  return parseManifests(out);
};

/** No field is unknown, missing or of another type, and kubectl would apply them all. */
const expectAccepted = async (manifests: Manifest[]): Promise<void> => {
  expect(manifests.flatMap(schemaDefects)).toEqual([]);
  const file = join(scratch, "manifests.yaml");
  writeFileSync(file, manifests.map((object) => JSON.stringify(object)).join("\n---\n"));
  const { code, out, err } = await tools.kubectl("--server", api.url, "apply", "--dry-run=client", "-f", file);
  expect([code, err]).toEqual([0, ""]);
  expect(out.trimEnd().split("\n")).toHaveLength(manifests.length);
  for (const line of out.trimEnd().split("\n")) expect(line).toMatch(/ created \(dry run\)$/);
  expect([...api.methods]).toEqual(["GET"]);
};

const rights = (...places: string[]) =>
  places.map((where) => ({ where, rules: SECRETS_ONLY, subjects: ["ServiceAccount alert-targets/exporter"] }));

describe("the chart", () => {
  beforeEach(({ skip }) => skip(NO_TOOLS !== null, NO_TOOLS ?? ""));

  test("passes helm's own lint, strictly", async () => {
    const { code, out } = await tools.helm("lint", "--strict", CHART);
    expect([code, out]).toEqual([0, expect.stringContaining("1 chart(s) linted, 0 chart(s) failed")]);
    expect(out).not.toMatch(/WARNING|ERROR/);
  });

  test("uses every value that it offers, and offers every one that it uses", () => {
    const templates = readdirSync(join(CHART, "templates")).map((name) =>
      readFileSync(join(CHART, "templates", name), "utf8"),
    );
    const used = new Set([...templates.join("").matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path));
    const values = parse(readFileSync(join(CHART, "values.yaml"), "utf8")) as Record<string, object>;
    const nested = ["image", "token", "nudge", "networkPolicy"];
    const offered = Object.entries(values).flatMap(([key, value]) =>
      nested.includes(key) ? Object.keys(value).map((inner) => `${key}.${inner}`) : [key],
    );
    expect([...used].sort()).toEqual(offered.sort());
    const schema = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8")) as {
      properties: Record<string, { properties?: object }>;
    };
    const { global: _ofHelm, ...properties } = schema.properties;
    const described = Object.entries(properties).flatMap(([key, { properties: inner }]) =>
      inner === undefined ? [key] : Object.keys(inner).map((name) => `${key}.${name}`),
    );
    expect(described.sort()).toEqual(offered);
  });

  test("reads Secrets of the namespace of the release, and may do nothing else", async () => {
    const manifests = await render({});
    expect(rightsOf(manifests)).toEqual(rights("alert-targets"));
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      "Deployment",
      "NetworkPolicy",
      "Role",
      "RoleBinding",
      "Service",
      "ServiceAccount",
    ]);
    expectHardened(manifests);
    await expectAccepted(manifests);
    expect(configOf(manifests)).toMatchObject({ cluster: "default", namespaces: ["alert-targets"], nudge: null });
  });

  test("reads several namespaces by a Role in each", async () => {
    const manifests = await render({ namespaces: ["one", "two"], cluster: "prod-eu" });
    expect(rightsOf(manifests)).toEqual(rights("one", "two"));
    await expectAccepted(manifests);
    expect(configOf(manifests)).toMatchObject({ cluster: "prod-eu", namespaces: ["one", "two"] });
  });

  test("reads all namespaces by a ClusterRole, only where that was chosen", async () => {
    const manifests = await render({ allNamespaces: true, namespaces: ["one"] });
    expect(rightsOf(manifests)).toEqual(rights("everywhere"));
    expect(ofKind(manifests, "Role")).toEqual([]);
    expect(configOf(manifests).namespaces).toBeNull();
    expectHardened(manifests);
    await expectAccepted(manifests);
  });

  test("passes everything else on as the program reads it", async () => {
    const manifests = await render({
      labelSelectors: ["a=b", "c in (d,e)"],
      nudge: { url: "https://alerts.example.com", secretName: "worker", key: "t" },
      allowHttpTargets: "hook.example.com:8080",
      allowPrivateTargets: true,
      allowTargetPorts: "9093",
      logLevel: "debug",
      podLabels: { team: "a" },
      podAnnotations: { "a.example/b": "c: d" },
      imagePullSecrets: [{ name: "registry" }],
      nodeSelector: { "kubernetes.io/arch": "arm64" },
      tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule" }],
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
      networkPolicy: { egressPorts: [8443] },
    });
    const config = configOf(manifests);
    expect(config).toMatchObject({
      nudge: { url: "https://alerts.example.com/" },
      addresses: { allowHttpHosts: ["hook.example.com:8080"], allowPrivate: true, allowPorts: [9093] },
      logLevel: "debug",
    });
    expect(config.selectors.map(({ text }) => text)).toEqual(["a=b", "c in (d,e)"]);
    expect(ofKind(manifests, "Deployment")[0].spec.template.spec.volumes[1].secret).toMatchObject({
      secretName: "worker",
      items: [{ key: "t", path: "token" }],
    });
    expectHardened(manifests);
    await expectAccepted(manifests);
  });

  test("nudges with the exporter's own token unless another is named, and goes without a NetworkPolicy", async () => {
    const manifests = await render({ nudge: { url: "https://a.example" }, networkPolicy: { enabled: false } });
    const { EXPORTER_TOKEN_FILE, NUDGE_TOKEN_FILE } = envOf(manifests);
    expect(NUDGE_TOKEN_FILE).toBe(EXPORTER_TOKEN_FILE);
    expect(configOf(manifests).nudge).not.toBeNull();
    expect(ofKind(manifests, "NetworkPolicy")).toEqual([]);
    await expectAccepted(manifests);
  });

  test.each<[sentence: string, values: object, at: string]>([
    ["a value it does not know", { namespace: ["one"] }, "namespace"],
    ["a namespace that is a list in text", { namespaces: "one,two" }, "/namespaces"],
    ["a switch as text", { allNamespaces: "yes" }, "/allNamespaces"],
    ["ports as a number, which would lose a second one", { allowTargetPorts: 9093 }, "/allowTargetPorts"],
    ["no selector", { labelSelectors: [] }, "/labelSelectors"],
    ["a level that is none", { logLevel: "verbose" }, "/logLevel"],
    ["a cluster name that the Worker would refuse", { cluster: "Prod EU" }, "/cluster"],
    ["a nudge to no URL", { nudge: { url: "alerts.example.com" } }, "/nudge/url"],
  ])("refuses %s", async (_, values, at) => {
    const { code, err } = await helm(values);
    expect(code).not.toBe(0);
    expect(err).toContain(at);
  });
});

describe("the Kustomize", () => {
  beforeEach(({ skip }) => skip(NO_TOOLS !== null, NO_TOOLS ?? ""));

  test.each([
    ["base", "alert-targets", "alert-targets"],
    ["all-namespaces", "everywhere", "*"],
  ] as const)(
    "%s reads what it says, is hardened as the chart is, and is accepted",
    async (folder, where, namespaces) => {
      const { code, out, err } = await tools.kubectl("kustomize", join(DEPLOY, "kustomize", folder));
      expect([code, err]).toEqual([0, ""]);
      const manifests = parseManifests(out);
      const subjects = ["ServiceAccount alert-targets/alert-history-exporter"];
      expect(rightsOf(manifests)).toEqual([{ where, rules: SECRETS_ONLY, subjects }]);
      expectHardened(manifests);
      expect(ofKind(manifests, "Namespace")[0].metadata.labels["pod-security.kubernetes.io/enforce"]).toBe(
        "restricted",
      );
      const places = manifests.filter(({ kind }) => !/^(Namespace|ClusterRole.*)$/.test(kind));
      expect(new Set(places.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["alert-targets"]));
      expect(envOf(manifests)).toMatchObject({ TARGET_NAMESPACES: namespaces, CLUSTER: "default" });
      configOf(manifests);
      await expectAccepted(manifests);
    },
  );

  test("base lists all its files", () => {
    const path = join(DEPLOY, "kustomize/base");
    const { resources } = parse(readFileSync(join(path, "kustomization.yaml"), "utf8")) as { resources: string[] };
    expect(resources.sort()).toEqual(
      readdirSync(path)
        .filter((name) => name !== "kustomization.yaml")
        .sort(),
    );
  });
});

test("the Secrets we show as examples are accepted", async ({ skip }) => {
  skip(NO_TOOLS !== null, NO_TOOLS ?? "");
  const documented = readFileSync(join(import.meta.dirname, "../../docs/exporter.md"), "utf8");
  const examples = [...documented.matchAll(/```yaml\n(apiVersion: v1\nkind: Secret\n[^`]*)```/g)].map(
    ([, text]) => text,
  );
  expect(examples.length).toBeGreaterThan(0);
  await expectAccepted(parseManifests([...examples, sampleManifest("http://127.0.0.1:1/")].join("---\n")));
});

test("what is wrong with an object is found", () => {
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "r" } };
  expect(schemaDefects({ ...role, rules: [{ verbs: ["get"] }] } as object)).toEqual([]);
  expect(schemaDefects({ ...role, rules: [{ verb: ["get"] }] } as object)).toEqual([
    "Role.rules[0].verbs is missing",
    "Role.rules[0].verb is unknown",
  ]);
  expect(schemaDefects({ ...role, metadata: { name: 1, labels: { a: true } } } as object)).toEqual([
    "Role.metadata.name is no string",
    "Role.metadata.labels.a is no string",
  ]);
  expect(schemaDefects({ apiVersion: "policy/v1beta1", kind: "PodSecurityPolicy" })).toHaveLength(1);
});
