/** What classifies: how it does, how sure it is, where it disagrees with the label, and what it costs. */
import { withQuery } from "../api.ts";
import { Cost } from "../classification-cost.tsx";
import { Agreement, Confidence, Disagreements } from "../classification-parts.tsx";
import { useQuery } from "../query.ts";
import { reasonText } from "../reasons.ts";
import { latency, rangeName, rangeQuery } from "../time.ts";
import type { ClassificationHealth, EventList, ReportView } from "../types.ts";
import { Cell, count, Empty, Loaded, Panel, percent, State, Tile } from "../ui.tsx";
import { useApi } from "../use-api.ts";

/** Newest events looked at for the list of disagreements. */
const EVENTS = 500;

const Tiles = ({ of }: { readonly of: ReportView }) => {
  const { llm = 0, cache = 0, fallback = 0 } = of.answered_by;
  const total = llm + cache + fallback;
  const asked = of.calls.reduce((sum, one) => sum + one.calls, 0);
  const answered = of.calls.reduce((sum, one) => sum + (one.outcome === "answered" ? one.calls : 0), 0);
  const same = of.agreement
    .filter(({ label, severity }) => label === severity)
    .reduce((sum, one) => sum + one.events, 0);
  const labelled = of.agreement.filter(({ label }) => label !== null).reduce((sum, one) => sum + one.events, 0);
  const part = (n: number, of_: number): number | null => (of_ === 0 ? null : n / of_);
  return (
    <div class="tiles">
      <Tile label="Classified" note="alerts">
        {count(total)}
      </Tile>
      <Tile label="Asked of a model" note={`${percent(part(answered, asked), 0)} answered`}>
        {count(asked)}
      </Tile>
      <Tile label="Remembered" note="no question needed">
        {percent(part(cache, total), 0)}
      </Tile>
      <Tile
        label="Rules answered"
        tone={asked > 0 && fallback > llm + cache ? "warn" : "plain"}
        note={asked === 0 && total > 0 ? "fallback: no model was asked" : "fallback"}
      >
        {percent(part(fallback, total), 0)}
      </Tile>
      <Tile label="Time to answer" note={`p95 ${latency(of.latency.p95_ms)}`}>
        {latency(of.latency.p50_ms)}
      </Tile>
      <Tile label="Agrees with the label" note={`${count(labelled)} labelled`}>
        {percent(part(same, labelled), 0)}
      </Tile>
    </div>
  );
};

const Health = ({ of }: { readonly of: ClassificationHealth }) => (
  <p class="quick parts">
    {Object.entries(of.components).map(([name, { status, state }]) => (
      <span key={name}>
        <span class="dim">{name === "llm_client" ? "model" : name}</span> <State of={status ?? state ?? "unknown"} />
      </span>
    ))}
  </p>
);

const Calls = ({ of }: { readonly of: ReportView["calls"] }) =>
  of.length === 0 ? (
    <Empty title="No model was asked in this range.">
      <p>
        Without a configured model the rules answer every alert; that is no failure. How to configure one is in the
        documentation of classification.
      </p>
    </Empty>
  ) : (
    <table class="cards">
      <caption class="unseen">Questions to a model and what came of them</caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Prompt</th>
          <th scope="col">Outcome</th>
          <th scope="col" class="number">
            Calls
          </th>
          <th scope="col" class="number">
            Tokens in
          </th>
          <th scope="col" class="number">
            Tokens out
          </th>
        </tr>
      </thead>
      <tbody>
        {of.map((one) => (
          <tr key={`${one.model} ${one.prompt_version} ${one.outcome} ${one.reason}`}>
            <td>{one.model}</td>
            <Cell of="prompt" class="dim">
              {one.prompt_version}
            </Cell>
            <td>
              <State of={one.outcome === "answered" ? "ok" : "failed"} label={one.outcome} />{" "}
              <span class="dim">{one.reason === null ? "" : reasonText(one.reason)}</span>
            </td>
            <Cell of="calls" class="number">
              {count(one.calls)}
            </Cell>
            <Cell of="tokens in" class="number">
              {count(one.prompt_tokens)}
            </Cell>
            <Cell of="tokens out" class="number">
              {count(one.completion_tokens)}
            </Cell>
          </tr>
        ))}
      </tbody>
    </table>
  );

const Classification = () => {
  const { query } = useQuery();
  const range = rangeQuery(query);
  const health = useApi<ClassificationHealth>("/classification/health", { on: ["alert", "config"], everyMs: 10_000 });
  const report = useApi<ReportView>(withQuery("/api/v1/classification-report", range), {
    on: ["alert"],
    everyMs: 10_000,
  });
  const events = useApi<EventList>(withQuery("/history", { limit: EVENTS, ...range }), {
    on: ["alert"],
    everyMs: 10_000,
  });
  return (
    <>
      <Loaded of={health} what="health">
        {(value) => <Health of={value} />}
      </Loaded>
      <Loaded of={report} what="report">
        {(value) => (
          <>
            <Tiles of={value} />
            <div class="columns">
              <Panel title={`How sure it was, ${rangeName(query)}`}>
                <Confidence of={value.confidence} />
              </Panel>
              <Panel title="Label and classification">
                <Agreement of={value.agreement} />
              </Panel>
            </div>
            <Panel title="Questions to a model">
              <Calls of={value.calls} />
              {value.calls.length > 0 && <Cost of={value.calls} />}
            </Panel>
          </>
        )}
      </Loaded>
      <Panel title="Where it disagrees with the label">
        <Loaded of={events} what="events">
          {({ alerts }) => <Disagreements of={alerts} />}
        </Loaded>
      </Panel>
    </>
  );
};

export default Classification;
