/** One alert: what it says, what happened, why it went where it went, what a model thought of it. */
import { Classified, Details } from "./alert-details.tsx";
import { Related } from "./alert-related.tsx";
import { copyLink } from "./announce.ts";
import { may } from "./api.ts";
import { mayTell } from "./delivery-id.ts";
import { DeliveryTable } from "./delivery-table.tsx";
import { Dialog } from "./dialog.tsx";
import { useKeys } from "./keys.ts";
import { useQuery } from "./query.ts";
import { SilenceForm } from "./silence-form.tsx";
import { Tabs } from "./tabs.tsx";
import { Timeline } from "./timeline.tsx";
import type { AlertHistory } from "./types.ts";
import { Ago, Copy, Loaded, Severity, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";
import { WhyNow } from "./why-now.tsx";

const VIEWS = [
  ["details", "Details"],
  ["why", "Timeline and why"],
  ["deliveries", "Deliveries"],
  ["classification", "Classification"],
  ["related", "Related"],
  ["raw", "Raw"],
] as const;

interface AlertDrawerProps {
  readonly fingerprint: string;
  readonly onPick: (name: string, value: string, out: boolean) => void;
  readonly onClose: () => void;
}

const Raw = ({ of }: { readonly of: AlertHistory }) => {
  const text = JSON.stringify(of.events[0], null, 2);
  return (
    <>
      <p>
        <Copy text={text} label="Copy JSON" />
      </p>
      <pre>{text}</pre>
    </>
  );
};

export const AlertDrawer = ({ fingerprint, onPick, onClose }: AlertDrawerProps) => {
  const { query, change } = useQuery();
  const asked = useApi<AlertHistory>(`/history/${encodeURIComponent(fingerprint)}`, {
    on: ["alert", "trace", "delivery"],
    about: ({ type, id }) => (type === "delivery" ? mayTell(id, fingerprint) : id === fingerprint),
  });
  const view = VIEWS.find(([id]) => id === query["view"])?.[0] ?? "details";
  const maySilence = may("operate") && asked.value?.current_status === "firing";
  const silencing = query["do"] === "silence" && may("operate");
  useKeys({
    s: () => {
      if (maySilence) change({ do: "silence" });
    },
  });
  return (
    <Dialog title={asked.value?.alert_name || "Alert"} class="drawer" onClose={onClose}>
      <Loaded of={asked} what="alert">
        {(value) => (
          <>
            <div class="drawer-head">
              <Severity of={value.events[0]?.severity ?? "warning"} />
              <State of={value.current_status} />
              <span class="dim">
                <Ago
                  at={
                    (value.current_status === "firing" ? value.events[0]?.startsAt : value.events[0]?.received_at) ??
                    null
                  }
                />
              </span>
              <span class="drawer-tools">
                <button type="button" onClick={copyLink}>
                  Copy link
                </button>
                {maySilence && (
                  <button
                    type="button"
                    aria-expanded={silencing}
                    onClick={() => change({ do: silencing ? null : "silence" })}
                  >
                    {silencing ? "Close the form" : "Silence …"}
                  </button>
                )}
              </span>
              <p class="drawer-summary">{value.events[0]?.annotations["summary"]}</p>
            </div>
            {silencing && <SilenceForm labels={value.labels} onDone={() => change({ do: null })} />}
            <Tabs of={VIEWS} current={view} onPick={(id) => change({ view: id }, true)}>
              {view === "details" && <Details of={value} onPick={onPick} />}
              {view === "why" && (
                <>
                  <WhyNow labels={value.labels} annotations={value.events[0]?.annotations ?? {}} />
                  <Timeline events={value.events} deliveries={value.deliveries} />
                </>
              )}
              {view === "deliveries" && <DeliveryTable deliveries={value.deliveries} />}
              {view === "classification" && <Classified of={value} onChange={asked.refresh} />}
              {view === "related" && <Related of={value} />}
              {view === "raw" && <Raw of={value} />}
            </Tabs>
          </>
        )}
      </Loaded>
    </Dialog>
  );
};
