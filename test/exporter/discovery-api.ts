/** What kubectl asks an API server before it applies: which kinds there are, whether it checks fields, what exists. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Kind, and whether it lives in a namespace; by group and version as of Kubernetes 1.25 and later. */
const KINDS: Readonly<Record<string, readonly (readonly [kind: string, namespaced: boolean])[]>> = {
  v1: [
    ["Namespace", false],
    ["ServiceAccount", true],
    ["Service", true],
    ["ConfigMap", true],
    ["Secret", true],
  ],
  "apps/v1": [["Deployment", true]],
  "networking.k8s.io/v1": [["NetworkPolicy", true]],
  "rbac.authorization.k8s.io/v1": [
    ["Role", true],
    ["RoleBinding", true],
    ["ClusterRole", false],
    ["ClusterRoleBinding", false],
  ],
};
const pathOf = (group: string): string => (group === "v1" ? "api/v1" : `apis/${group}`);
const plural = (kind: string): string => `${kind.toLowerCase().replace(/y$/, "ie")}s`;

const resources = (group: string) => ({
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: group,
  resources: (KINDS[group] ?? []).map(([kind, namespaced]) => ({
    ...{ kind, namespaced, name: plural(kind), singularName: kind.toLowerCase() },
    verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  })),
});

/** Says of each kind that the server itself refuses unknown fields, as servers do since 1.25. */
const openApi = (groupVersion: string) => {
  const [version = "", group = ""] = groupVersion.split("/").reverse();
  const patch = (kind: string) => ({
    parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
    responses: {},
    "x-kubernetes-group-version-kind": { group, version, kind },
  });
  const paths = (KINDS[groupVersion] ?? []).map(
    ([kind]) => [`/${plural(kind)}/{name}`, { patch: patch(kind) }] as const,
  );
  return { openapi: "3.0.0", info: { title: "", version: "" }, paths: Object.fromEntries(paths) };
};

const DOCUMENTS: Readonly<Record<string, unknown>> = {
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: Object.keys(KINDS)
      .filter((group) => group !== "v1")
      .map((groupVersion) => {
        const version = { groupVersion, version: "v1" };
        return { name: groupVersion.split("/")[0], versions: [version], preferredVersion: version };
      }),
  },
  "/openapi/v3": {
    paths: Object.fromEntries(
      Object.keys(KINDS).map((group) => [pathOf(group), { serverRelativeURL: `/openapi/v3/${pathOf(group)}` }]),
    ),
  },
  ...Object.fromEntries(
    Object.keys(KINDS).flatMap((group) => [
      [`/${pathOf(group)}`, resources(group)],
      [`/openapi/v3/${pathOf(group)}`, openApi(group)],
    ]),
  ),
};
const NOT_FOUND = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 };

export interface DiscoveryApi {
  readonly url: string;
  /** Methods of all requests so far. */
  readonly methods: ReadonlySet<string>;
  readonly stop: () => void;
}

/** An API server without a single object in it. */
export const startDiscoveryApi = async (): Promise<DiscoveryApi> => {
  const methods = new Set<string>();
  const server = createServer((request, response) => {
    methods.add(request.method ?? "");
    const document = DOCUMENTS[(request.url ?? "").replace(/\?.*$/, "")];
    response.writeHead(document === undefined ? 404 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(document ?? NOT_FOUND));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, methods, stop: () => server.close() };
};
