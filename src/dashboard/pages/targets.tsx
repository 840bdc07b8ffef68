/** Where notifications go: clusters and how their reading does, targets and how they do, what changed by itself. */
import { useSignal } from "@preact/signals";
import { attempt, say } from "../announce.ts";
import { call, may } from "../api.ts";
import { hrefWith, useQuery } from "../query.ts";
import { absolute } from "../time.ts";
import type { DiscoveryStatus, DriftView, PublishingTarget } from "../types.ts";
import { Ago, count, Empty, Loaded, Panel, percent, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

interface Tested {
  readonly success: boolean;
  readonly status_code?: number;
  readonly response_time_ms: number;
  readonly error_message?: string;
}

const test = async (name: string): Promise<void> => {
  const answer = await call<Tested>("POST", `/publishing/targets/${encodeURIComponent(name)}/test`, {});
  if (answer.success) say(`${name} took the test alert in ${Math.round(answer.response_time_ms)} ms`);
  else throw new Error(`${name}: ${answer.error_message ?? answer.status_code ?? "failed"}`);
};

const Clusters = ({ of }: { readonly of: DiscoveryStatus }) => (
  <>
    {of.config_errors.map((error) => (
      <p key={error} class="notice bad">
        {error}
      </p>
    ))}
    {of.clusters.length === 0 ? (
      <Empty title="No cluster is configured.">
        <p>Targets can be discovered from Secrets by an exporter in each cluster; static ones work without.</p>
      </Empty>
    ) : (
      <table class="cards">
        <thead>
          <tr>
            <th>Cluster</th>
            <th>State</th>
            <th class="number">Targets</th>
            <th>Read</th>
            <th>Error</th>
          </tr>
        </thead>
        <tbody>
          {of.clusters.map((cluster) => (
            <tr key={cluster.name}>
              <td>{cluster.name}</td>
              <td>
                <State of={cluster.status} />
              </td>
              <td class="number">{count(cluster.targets)}</td>
              <td class="nowrap">
                <Ago at={cluster.last_success} />
              </td>
              <td class="dim">{cluster.error ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
    {of.invalid.map((secret) => (
      <p key={`${secret.cluster}/${secret.namespace}/${secret.secret}`} class="notice bad">
        {secret.cluster}/{secret.namespace}/{secret.secret}: {secret.reason}, {secret.detail}
      </p>
    ))}
  </>
);

interface TargetRowProps {
  readonly of: PublishingTarget;
  readonly selected: boolean;
}

const TargetRow = ({ of, selected }: TargetRowProps) => {
  const testing = useSignal(false);
  const run = async (): Promise<void> => {
    testing.value = true;
    try {
      await test(of.name);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), "failed");
    }
    testing.value = false;
  };
  return (
    <tr class={selected ? "cursor" : ""}>
      <td>
        <a href={hrefWith("/deliveries", { target: of.name })}>{of.name}</a> <div class="dim">{of.url}</div>
      </td>
      <td>
        {of.type} <span class="dim">{of.format === of.type ? "" : of.format}</span>
      </td>
      <td class="dim">{of.cluster ?? "static"}</td>
      <td>
        <State of={of.enabled ? of.health_status : "disabled"} />
        {of.circuit_breaker_state !== "closed" && (
          <div>
            <State of={of.circuit_breaker_state} label={`breaker ${of.circuit_breaker_state.replace("_", " ")}`} />
          </div>
        )}
        {of.frozen && <div class="state warn">frozen: {of.frozen_reason}</div>}
        {of.warnings.map((warning) => (
          <div key={warning} class="dim">
            {warning}
          </div>
        ))}
      </td>
      <td class="number">
        {percent(of.success_rate)}
        <div class="dim">of {count(of.total_publishes)}</div>
      </td>
      <td class="nowrap">
        <Ago at={of.last_success_time} />
      </td>
      <td>
        {may("operate") && (
          <button type="button" class="small" disabled={testing.value} onClick={() => void run()}>
            {testing.value ? "Sending …" : "Test"}
          </button>
        )}
      </td>
    </tr>
  );
};

const Targets = () => {
  const { query } = useQuery();
  const status = useApi<DiscoveryStatus>("/publishing/targets/status");
  const targets = useApi<PublishingTarget[]>("/publishing/targets?limit=1000");
  const drift = useApi<{ changes: DriftView[] }>("/publishing/targets/drift?limit=20");
  return (
    <>
      <Panel title="Targets">
        <Loaded of={targets} what="targets">
          {(value) =>
            value.length === 0 ? (
              <Empty title="No target yet.">
                <p>
                  Without one, alerts are kept and shown, but nobody is told. Define one with{" "}
                  <code>POST /api/v1/targets</code>, or have a cluster's Secrets discovered.
                </p>
              </Empty>
            ) : (
              <table class="cards">
                <thead>
                  <tr>
                    <th>Target</th>
                    <th>Type</th>
                    <th>From</th>
                    <th>Health</th>
                    <th class="number">Delivered</th>
                    <th>Last success</th>
                    <th>
                      <span class="unseen">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {value.map((target) => (
                    <TargetRow key={target.name} of={target} selected={target.name === query["sel"]} />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Panel>
      <Panel
        title="Clusters"
        tools={
          may("admin") && (
            <button
              type="button"
              class="small"
              onClick={() => void attempt(() => call("POST", "/publishing/targets/refresh"), "Reading the clusters")}
            >
              Read now
            </button>
          )
        }
      >
        <Loaded of={status} what="clusters">
          {(value) => <Clusters of={value} />}
        </Loaded>
      </Panel>
      <Panel title="What changed by itself">
        <Loaded of={drift} what="changes">
          {({ changes }) =>
            changes.length === 0 ? (
              <Empty title="Nothing has changed." />
            ) : (
              <table class="cards">
                <tbody>
                  {changes.map((change) => (
                    <tr key={`${change.at} ${change.kind} ${change.target}`}>
                      <td class="nowrap dim">{absolute(Date.parse(change.at))}</td>
                      <td>{change.kind}</td>
                      <td>{change.target ?? change.cluster}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
};

export default Targets;
