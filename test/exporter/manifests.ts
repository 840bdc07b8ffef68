/** What a set of manifests amounts to: the rights it gives, how hard the Pod is, what the program would be told. */
import { expect } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Config, readConfig, VARIABLES } from "../../src/exporter/config.ts";

// biome-ignore lint/suspicious/noExplicitAny: manifests are deep, and each assertion names the path it means
export type Manifest = any;

export const parseManifests = (text: string): Manifest[] =>
  parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors[0]?.message);
    return document.contents === null ? [] : [document.toJS()];
  });
export const ofKind = (manifests: Manifest[], kind: string): Manifest[] =>
  manifests.filter((object) => object.kind === kind);

export const SECRETS_ONLY = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"] }];

/** Every right that the manifests give, to whom, and where; a role that nobody is bound to is an error. */
export const rightsOf = (manifests: Manifest[]) => {
  const roles = manifests.filter(({ kind }) => ["Role", "ClusterRole"].includes(kind));
  const bindings = manifests.filter(({ kind }) => ["RoleBinding", "ClusterRoleBinding"].includes(kind));
  expect(roles).toHaveLength(bindings.length);
  return bindings.map((binding) => {
    const role = ofKind(roles, binding.roleRef.kind).find(
      ({ metadata }) => metadata.name === binding.roleRef.name && metadata.namespace === binding.metadata.namespace,
    );
    const subjects = binding.subjects.map(
      (subject: Manifest) => `${subject.kind} ${subject.namespace}/${subject.name}`,
    );
    return { where: binding.metadata.namespace ?? "everywhere", rules: role?.rules, subjects };
  });
};

/** What the restricted Pod Security Standard and our own rules ask of the Deployment. */
export const expectHardened = (manifests: Manifest[]): void => {
  const [deployment] = ofKind(manifests, "Deployment");
  const { spec, metadata } = deployment.spec.template;
  expect(metadata.labels).toMatchObject(deployment.spec.selector.matchLabels);
  expect(spec).toMatchObject({
    automountServiceAccountToken: true,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
  });
  for (const field of ["hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"])
    expect(spec).not.toHaveProperty(field);
  expect(spec.containers).toHaveLength(1);
  expect(spec.containers[0]).toMatchObject({
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    livenessProbe: { httpGet: { path: "/healthz", port: "http" } },
    readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
    ports: [{ name: "http", containerPort: 8080 }],
    resources: { requests: { memory: "192Mi" }, limits: { memory: "384Mi" } },
  });
  expect(spec.containers[0].securityContext.capabilities).toEqual({ drop: ["ALL"] });
  for (const volume of spec.volumes) expect(Object.keys(volume)).toEqual(["name", "secret"]);
  const mounted = spec.containers[0].volumeMounts.map(({ name, readOnly }: Manifest) => [name, readOnly]);
  expect(mounted).toEqual(spec.volumes.map(({ name }: Manifest) => [name, true]));
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

/** The environment of the program; every ConfigMap it names is there. */
export const envOf = (manifests: Manifest[]): Record<string, string> => {
  const [deployment] = ofKind(manifests, "Deployment");
  const { env, envFrom = [] } = deployment.spec.template.spec.containers[0];
  const maps = envFrom.map(({ configMapRef }: Manifest) => {
    const map = ofKind(manifests, "ConfigMap").find(({ metadata }) => metadata.name === configMapRef.name);
    expect(map, `ConfigMap ${configMapRef.name}`).toBeDefined();
    return map.data;
  });
  return Object.assign({}, ...maps, ...env.map((item: Manifest) => ({ [item.name]: item.value })));
};

/** The program accepts what the manifests set; mounted tokens stand in by value. */
export const configOf = (manifests: Manifest[]): Config => {
  const { EXPORTER_TOKEN_FILE = "", NUDGE_TOKEN_FILE, ...env } = envOf(manifests);
  const [deployment] = ofKind(manifests, "Deployment");
  const mounts = deployment.spec.template.spec.containers[0].volumeMounts.map(({ mountPath }: Manifest) => mountPath);
  for (const file of [EXPORTER_TOKEN_FILE, ...(NUDGE_TOKEN_FILE === undefined ? [] : [NUDGE_TOKEN_FILE])])
    expect(mounts).toContain(file.replace(/\/token$/, ""));
  expect(Object.keys(env).filter((name) => !VARIABLES.some((known) => known === name))).toEqual([]);
  const token = "0123456789abcdef";
  const config = readConfig({ ...env, EXPORTER_TOKEN: token, ...(NUDGE_TOKEN_FILE ? { NUDGE_TOKEN: token } : {}) });
  if (!config.ok) throw new Error(config.error.join("; "));
  return config.value;
};
