/** What an alert says of itself, and what a model thought of it. */
import { attempt } from "./announce.ts";
import { call, may } from "./api.ts";
import type { AlertHistory } from "./types.ts";
import { Ago, At, Copy, count, Empty, Labels, Outside, percent, Severity } from "./ui.tsx";

interface DetailsProps {
  readonly of: AlertHistory;
  readonly onPick: (name: string, value: string, out: boolean) => void;
}

/** Who classified, in words. */
const ANSWERED_BY: Readonly<Record<string, string>> = { llm: "a model", cache: "a model", fallback: "the rules" };

const isLink = (text: string): boolean => /^https?:\/\//i.test(text);

export const Details = ({ of, onPick }: DetailsProps) => {
  const newest = of.events[0];
  const annotations = Object.entries(newest?.annotations ?? {});
  const links = annotations.filter(([, value]) => isLink(value));
  return (
    <>
      {(links.length > 0 || isLink(newest?.generatorURL ?? "")) && (
        <p class="quick">
          {links.map(([name, url]) => (
            <Outside key={name} url={url}>
              {name.replace(/_url$/, "").replaceAll("_", " ")}
            </Outside>
          ))}
          {newest !== undefined && isLink(newest.generatorURL) && (
            <Outside url={newest.generatorURL}>at its sender</Outside>
          )}
        </p>
      )}
      <h3>Labels</h3>
      <Labels of={of.labels} onPick={onPick} />
      <h3>Annotations</h3>
      {annotations.length === 0 && <p class="dim">none</p>}
      <dl class="facts">
        {annotations.map(([name, value]) => (
          <div key={name} class="fact">
            <dt>{name}</dt>
            <dd>
              <Outside url={value} />
            </dd>
          </div>
        ))}
      </dl>
      <h3>Facts</h3>
      <dl class="facts">
        <dt>First seen</dt>
        <dd>
          <At at={of.first_seen} />
        </dd>
        <dt>Last heard of</dt>
        <dd>
          <Ago at={of.last_seen} />, {count(of.receive_count)} times in all
        </dd>
        <dt>Source</dt>
        <dd>
          {newest?.source ?? newest?.source_format ?? "unknown"}
          {newest?.source != null && <span class="dim"> in the form of {newest.source_format}</span>}
          {newest?.upstream != null && newest.upstream.externalURL !== "" && (
            <>
              , <Outside url={newest.upstream.externalURL} />
            </>
          )}
        </dd>
        <dt>Fingerprint</dt>
        <dd>
          <code>{of.fingerprint}</code> <Copy text={of.fingerprint} />
        </dd>
      </dl>
    </>
  );
};

interface ClassifiedProps {
  readonly of: AlertHistory;
  readonly onChange: () => void;
}

export const Classified = ({ of, onChange }: ClassifiedProps) => {
  const found = of.events.find((event) => event.classification !== null)?.classification ?? null;
  const redo = (): void =>
    void attempt(() => call("POST", `/classification/refresh/${of.fingerprint}`), "Classified anew").then(onChange);
  return (
    <>
      {found === null ? (
        <Empty title="Nobody has classified it.">
          <p>
            In mode transparent nothing is classified; the mode is in <a href="/settings">Settings</a>.
          </p>
        </Empty>
      ) : (
        <dl class="facts">
          <dt>Severity</dt>
          <dd>
            <Severity of={found.severity} />
          </dd>
          <dt>Category</dt>
          <dd>{found.category}</dd>
          <dt>Confidence</dt>
          <dd>{percent(found.confidence, 0)}</dd>
          <dt>By</dt>
          <dd>
            {ANSWERED_BY[found.source] ?? found.source}
            {found.source === "fallback" ? "" : `, ${found.model}`} {found.cached && "(remembered)"}
          </dd>
          <dt>Reasoning</dt>
          <dd>{found.reasoning}</dd>
          {found.recommendations.length > 0 && (
            <>
              <dt>Advice</dt>
              <dd>
                <ul>
                  {found.recommendations.map((advice) => (
                    <li key={advice}>{advice}</li>
                  ))}
                </ul>
              </dd>
            </>
          )}
        </dl>
      )}
      {may("operate") && (
        <button type="button" onClick={redo}>
          Classify again
        </button>
      )}
    </>
  );
};
