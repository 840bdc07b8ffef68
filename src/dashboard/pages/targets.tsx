/** Where notifications go: targets and how they do, clusters and how reading them goes, what changed by itself. */
import { attempt } from "../announce.ts";
import { call, may } from "../api.ts";
import { type DeliveryTimesView, shareOf, timesOf } from "../delivery-times.ts";
import { hrefWith, useQuery } from "../query.ts";
import { Clusters, Drift } from "../target-clusters.tsx";
import { TargetDrawer } from "../target-drawer.tsx";
import { Share, TargetState } from "../target-state.tsx";
import { TestButton } from "../target-test.tsx";
import { latency } from "../time.ts";
import type { DiscoveryStatus, DriftView, PublishingTarget } from "../types.ts";
import { Ago, Cell, count, Empty, Loaded, Panel, Snippet, State } from "../ui.tsx";
import { useApi } from "../use-api.ts";

const firstTarget = (): string =>
  [
    `curl ${location.origin}/api/v1/targets`,
    `-H "Authorization: Bearer $ADMIN_TOKEN"`,
    `-H 'Content-Type: application/json'`,
    `-d '{"name":"on-call","type":"webhook","url":"https://hooks.example.com/alerts"}'`,
  ].join(" \\\n  ");

interface TargetRowProps {
  readonly of: PublishingTarget;
  readonly times: DeliveryTimesView | null;
}

const TargetRow = ({ of, times }: TargetRowProps) => {
  const { path, query } = useQuery();
  const one = timesOf(times, of.name);
  return (
    <tr>
      <td class="title">
        <a href={hrefWith(path, query, { sel: of.name })}>{of.name}</a>
        <div class="dim">{of.url}</div>
      </td>
      <Cell of="kind">{of.format}</Cell>
      <Cell of="from" class="dim">
        {of.cluster ?? "defined here"}
      </Cell>
      <td>
        <TargetState of={of} times={one} />
        {of.frozen && <div class="state warn">frozen: {of.frozen_reason?.replaceAll("_", " ")}</div>}
        {of.stale && <div class="state warn">stale</div>}
        {of.defect && <div class="state bad">cannot be used: {of.defect.replaceAll("_", " ")}</div>}
        {of.warnings.length > 0 && <div class="dim">{count(of.warnings.length)} warnings</div>}
      </td>
      <Cell of="breaker">
        <State of={of.circuit_breaker_state} />
      </Cell>
      <Cell of="delivered" class="number">
        <Share of={shareOf(one)} />
        <div class="dim">of {count((one?.delivered ?? 0) + (one?.failed ?? 0))}</div>
      </Cell>
      <Cell of="p95" class="number">
        {latency(one?.p95_ms)}
      </Cell>
      <Cell of="last success" class="nowrap">
        <Ago at={of.last_success_time} />
      </Cell>
      <td>
        <TestButton name={of.name} />
      </td>
    </tr>
  );
};

const Table = ({
  of,
  times,
}: {
  readonly of: readonly PublishingTarget[];
  readonly times: DeliveryTimesView | null;
}) => (
  <table class="cards many">
    <caption class="unseen">Targets</caption>
    <thead>
      <tr>
        <th scope="col">Target</th>
        <th scope="col">Kind</th>
        <th scope="col">From</th>
        <th scope="col">Health</th>
        <th scope="col">Breaker</th>
        <th scope="col" class="number">
          Delivered, 24 h
        </th>
        <th scope="col" class="number">
          p95
        </th>
        <th scope="col">Last success</th>
        <th scope="col">
          <span class="unseen">Actions</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {of.map((target) => (
        <TargetRow key={target.name} of={target} times={times} />
      ))}
    </tbody>
  </table>
);

const Targets = () => {
  const { query, change } = useQuery();
  const status = useApi<DiscoveryStatus>("/publishing/targets/status", { on: ["cluster"] });
  const targets = useApi<PublishingTarget[]>("/publishing/targets?limit=1000&sort_by=name", {
    on: ["target", "cluster", "config"],
  });
  const times = useApi<DeliveryTimesView>("/api/v1/delivery-times?hours=24", { on: ["delivery"], everyMs: 10_000 });
  const drift = useApi<{ changes: DriftView[] }>("/publishing/targets/drift?limit=50", { on: ["cluster"] });
  const selected = targets.value?.find(({ name }) => name === query["sel"]);
  const readNow = (): void =>
    void attempt(() => call("POST", "/publishing/targets/refresh"), "The clusters are being read").then(() => {
      status.refresh();
      targets.refresh();
    });
  return (
    <>
      <Panel title="Targets">
        <Loaded of={targets} what="targets">
          {(value) =>
            value.length === 0 ? (
              <Empty title="No target yet.">
                <p>
                  Without one, alerts are kept and shown, but nobody is told. Define one, or have a cluster's Secrets
                  discovered:
                </p>
                <Snippet text={firstTarget()} />
              </Empty>
            ) : (
              <Table of={value} times={times.value} />
            )
          }
        </Loaded>
      </Panel>
      <Panel
        title="Clusters"
        tools={
          may("admin") &&
          (status.value?.clusters.length ?? 0) > 0 && (
            <button type="button" class="small" onClick={readNow}>
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
          {({ changes }) => <Drift of={changes} />}
        </Loaded>
      </Panel>
      {selected !== undefined && (
        <TargetDrawer key={selected.name} of={selected} times={times.value} onClose={() => change({ sel: null })} />
      )}
    </>
  );
};

export default Targets;
