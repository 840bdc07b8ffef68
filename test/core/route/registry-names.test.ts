import { expect, test } from "vitest";
import { resolveNames } from "../../../src/core/route/registry-names.ts";
import { type ClusterState, EMPTY_CLUSTER } from "../../../src/core/route/registry-state.ts";

const cluster = (...secrets: [namespace: string, secret: string, name: string][]): ClusterState => ({
  ...EMPTY_CLUSTER,
  targets: secrets.map(([namespace, secret, name]) => {
    return { namespace, secret, name, sealed: "", warnings: [], changedAt: 0, staleSince: null };
  }),
});

test.each<
  [sentence: string, statics: string[], clusters: Record<string, ClusterState>, winners: string[], losers: string[]]
>([
  ["nobody collides", ["s"], { b: cluster(["n", "x", "x"]), a: cluster(["n", "y", "y"]) }, ["a/n/y", "b/n/x"], []],
  ["static wins", ["x"], { a: cluster(["n", "x", "x"]) }, [], ["a/n/x by static"]],
  [
    "the first cluster wins, whatever came first",
    [],
    { b: cluster(["n", "x", "x"]), a: cluster(["z", "z", "x"]) },
    ["a/z/z"],
    ["b/n/x by a/z/z"],
  ],
  ["within one, the first Secret", [], { a: cluster(["m", "b", "x"], ["n", "a", "x"]) }, ["a/m/b"], ["a/n/a by a/m/b"]],
  [
    "names of the language are names",
    ["constructor"],
    { a: cluster(["n", "c", "constructor"], ["n", "v", "valueof"]) },
    ["a/n/v"],
    ["a/n/c by static"],
  ],
])("%s", (_, statics, clusters, winners, losers) => {
  const { discovered, shadowed } = resolveNames(statics, clusters);
  expect(discovered.map((one) => `${one.cluster}/${one.target.namespace}/${one.target.secret}`)).toEqual(winners);
  expect(shadowed.map((one) => `${one.cluster}/${one.target.namespace}/${one.target.secret} by ${one.by}`)).toEqual(
    losers,
  );
});
