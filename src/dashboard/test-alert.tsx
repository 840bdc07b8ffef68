/** Sends one alert through everything and shows where it went, as it happens. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, call, get } from "./api.ts";
import { hrefWith } from "./query.ts";
import type { AlertHistory } from "./types.ts";
import { Panel, State } from "./ui.tsx";

interface Sent {
  readonly fingerprint: string;
  readonly at: number;
}

/** How long its way is watched; what takes longer is in the history anyway. */
const WATCH_MS = 30_000;
const EVERY_MS = 700;

const send = async (): Promise<Sent> => {
  const at = Date.now();
  const { alerts } = await call<{ alerts: { fingerprint: string }[] }>("POST", "/webhook", {
    alertname: "TestAlert",
    severity: "info",
    test: new Date(at).toISOString(),
    summary: "Sent from the dashboard: nothing is wrong",
  });
  const [first] = alerts;
  if (first === undefined) throw new Error("the test alert was not taken");
  return { fingerprint: first.fingerprint, at };
};

/** Asks until it is in the history and nothing of it is open any more. */
const watch = async (sent: Sent, onFound: (found: AlertHistory) => void, gone: AbortSignal): Promise<void> => {
  while (!gone.aborted && Date.now() - sent.at < WATCH_MS) {
    try {
      const found = await get<AlertHistory>(`/history/${sent.fingerprint}`, gone);
      onFound(found);
      const open = found.deliveries.some(({ state }) => ["pending", "retry", "deferred"].includes(state));
      if (found.deliveries.length > 0 && !open) return;
    } catch (error) {
      // 404: the consumer has not stored it yet.
      if (gone.aborted || !(error instanceof ApiError) || error.status !== 404) return;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
};

export const TestAlert = () => {
  const sent = useSignal<Sent | null>(null);
  const found = useSignal<AlertHistory | null>(null);
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  useEffect(() => {
    const { value } = sent;
    if (value === null) return;
    const controller = new AbortController();
    void watch(
      value,
      (history) => {
        found.value = history;
      },
      controller.signal,
    );
    return () => controller.abort();
  }, [sent.value]);
  const run = async (): Promise<void> => {
    busy.value = true;
    problem.value = null;
    found.value = null;
    try {
      sent.value = await send();
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
    busy.value = false;
  };
  return (
    <Panel title="Try it">
      <p>Sends one alert named TestAlert, severity info, through everything, to every target that takes it.</p>
      <p>
        <button type="button" disabled={busy.value} onClick={() => void run()}>
          {busy.value ? "Sending …" : "Send test alert"}
        </button>
      </p>
      <div role="status">
        {problem.value !== null && <p class="notice bad">It was not taken: {problem.value}.</p>}
        {sent.value !== null && (
          <p>
            <State of="ok" label="sent" />{" "}
            {found.value === null ? (
              "and on its way …"
            ) : (
              <>
                <State of="ok" label="decided" /> {found.value.deliveries.length === 0 ? "nobody told so far " : ""}
                {found.value.deliveries.map((delivery) => (
                  <span key={delivery.id}>
                    <State of={delivery.state} label={`${delivery.target_name}: ${delivery.state}`} />{" "}
                  </span>
                ))}
                <a href={hrefWith("/alerts", { tab: "all", sel: sent.value.fingerprint, view: "why" })}>See why</a>
              </>
            )}
          </p>
        )}
      </div>
    </Panel>
  );
};
