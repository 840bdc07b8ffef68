/** Clusters whose targets are discovered: how reading them goes, what is frozen or held, and what changed by itself. */
import { hrefWith } from "./query.ts";
import { absolute, latency } from "./time.ts";
import type { DiscoveryStatus, DriftView } from "./types.ts";
import { Ago, Cell, count, Empty, State } from "./ui.tsx";

const NOTES: Readonly<Record<string, string>> = {
  frozen: "It cannot be read: its targets stay as they were.",
  partial: "Some namespaces cannot be read; their targets stay as they were.",
  held: "Most of its targets would go: a second reading has to agree.",
  never: "It has never been read.",
  disabled: "Switched off.",
};

type Cluster = DiscoveryStatus["clusters"][number];

const Trouble = ({ of }: { readonly of: Cluster }) => (
  <>
    {NOTES[of.status] ?? ""}
    {of.error !== null && of.error !== "disabled" && (
      <div class="state bad">
        {of.error.replaceAll("_", " ")}, {count(of.consecutive_failures)} times in a row
      </div>
    )}
    {of.held_removals !== null && <div>{count(of.held_removals)} removals are held.</div>}
    {of.stale > 0 && <div>{count(of.stale)} targets are stale.</div>}
    {of.frozen_namespaces.map((namespace) => (
      <div key={namespace.name}>
        {namespace.name}: {namespace.error ?? namespace.status}, since <Ago at={namespace.since} />
      </div>
    ))}
  </>
);

export const Clusters = ({ of }: { readonly of: DiscoveryStatus }) => (
  <>
    {of.config_errors.map((error) => (
      <p key={error} class="notice bad">
        {error}
      </p>
    ))}
    {of.clusters.length === 0 ? (
      <Empty title="No cluster is configured.">
        <p>
          An exporter in each cluster can offer its labelled Secrets as targets; <code>CLUSTERS</code> names the
          exporters. Targets defined here work without.
        </p>
      </Empty>
    ) : (
      <table class="cards">
        <caption class="unseen">Clusters</caption>
        <thead>
          <tr>
            <th scope="col">Cluster</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Targets
            </th>
            <th scope="col">Last read</th>
            <th scope="col">Next</th>
            <th scope="col">Trouble</th>
          </tr>
        </thead>
        <tbody>
          {of.clusters.map((cluster) => (
            <tr key={cluster.name}>
              <td>
                <strong>{cluster.name}</strong>
              </td>
              <td>
                <State of={cluster.status} />
              </td>
              <Cell of="targets" class="number">
                {count(cluster.targets)}
              </Cell>
              <Cell of="read" class="nowrap">
                <Ago at={cluster.last_success} /> <span class="dim">in {latency(cluster.refresh_duration_ms)}</span>
              </Cell>
              <Cell of="next" class="nowrap">
                {cluster.next_refresh !== null && <Ago at={cluster.next_refresh} suffix="" />}
              </Cell>
              <td class="dim">
                <Trouble of={cluster} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
    {of.invalid.map((secret) => (
      <p key={`${secret.cluster}/${secret.namespace}/${secret.secret}`} class="notice bad">
        The Secret {secret.cluster}/{secret.namespace}/{secret.secret} cannot be used as a target, since{" "}
        <Ago at={secret.since} suffix="" />: {secret.reason.replaceAll("_", " ")} ({secret.detail})
      </p>
    ))}
  </>
);

export const Drift = ({ of }: { readonly of: readonly DriftView[] }) =>
  of.length === 0 ? (
    <Empty title="Nothing has changed by itself." />
  ) : (
    <table class="cards">
      <caption class="unseen">What discovery changed, newest first</caption>
      <tbody>
        {of.map((change) => (
          <tr key={`${change.at} ${change.kind} ${change.target} ${change.secret}`}>
            <td class="nowrap dim" title={absolute(Date.parse(change.at))}>
              <Ago at={change.at} />
            </td>
            <td>{change.kind}</td>
            <td>
              {change.target === null ? (
                change.cluster
              ) : (
                <a href={hrefWith("/targets", { sel: change.target })}>{change.target}</a>
              )}
            </td>
            <td class="dim">
              {[change.cluster, change.namespace, change.secret].filter((part) => part !== null).join("/")}
            </td>
            <td class="dim">
              {change.reason?.replaceAll("_", " ")}
              {(change.open_alerts ?? 0) > 0 && (
                <div class="state warn">
                  {count(change.open_alerts)} firing alerts it was told of will not be ended there
                </div>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
