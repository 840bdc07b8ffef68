/** How much a classification may do; a change says why, is noted with a name, and can be undone by the next. */
import { useSignal } from "@preact/signals";
import { ENRICHMENT_MODES } from "../core/classify/mode.ts";
import { attempt } from "./announce.ts";
import { call, may } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import type { AuditView } from "./types.ts";
import { Ago, Cell, count, Loaded, Panel } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const MEANING: Readonly<Record<(typeof ENRICHMENT_MODES)[number], string>> = {
  transparent: "No classification at all: alerts go on as they came.",
  enriched: "Classifies, adds what it found and lets it count in routing and filters.",
  transparent_with_recommendations: "Classifies and adds what it found, but changes nothing.",
  shadow: "Classifies and records what it would have done; nobody sees it outside.",
};

const SOURCE: Readonly<Record<string, string>> = {
  stored: "Somebody switched to it.",
  env: "The deployment's variable says so.",
  default: "Nobody has said otherwise.",
};

interface ModeView {
  readonly mode: string;
  readonly source: string;
}
interface StatsView {
  readonly alerts_by_mode: Readonly<Record<string, number>>;
  readonly shadow_differences: Readonly<Record<string, number>>;
}

const nameOf = (mode: string): string => mode.replaceAll("_", " ");

interface SwitchProps {
  readonly to: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const Switch = ({ to, onClose, onDone }: SwitchProps) => {
  const reason = useSignal("");
  const apply = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await attempt(
      () => call("POST", "/enrichment/mode", { mode: to, reason: reason.value.trim() }),
      `The mode is ${nameOf(to)}`,
    );
    onClose();
    if (done) onDone();
  };
  return (
    <Dialog title={`Switch to ${nameOf(to)}?`} onClose={onClose}>
      <form class="form" onSubmit={(event) => void apply(event)}>
        <p>It holds for every alert from now on, and is noted with your name and the reason.</p>
        <label>
          Why
          <input
            required
            maxLength={500}
            value={reason.value}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
        </label>
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Switch
          </button>
        </div>
      </form>
    </Dialog>
  );
};

const History = ({ of }: { readonly of: AuditView["entries"] }) => (
  <table class="cards">
    <caption>Who switched it</caption>
    <thead>
      <tr>
        <th scope="col">When</th>
        <th scope="col">Who</th>
        <th scope="col">From</th>
        <th scope="col">To</th>
        <th scope="col">Why</th>
      </tr>
    </thead>
    <tbody>
      {of.map(({ id, at, actor, detail }) => (
        <tr key={id}>
          <td class="nowrap">
            <Ago at={at} />
          </td>
          <Cell of="by">{actor}</Cell>
          <Cell of="from">{nameOf(String(detail["from"] ?? ""))}</Cell>
          <Cell of="to">{nameOf(String(detail["to"] ?? ""))}</Cell>
          <Cell of="why">{String(detail["reason"] ?? "–")}</Cell>
        </tr>
      ))}
    </tbody>
  </table>
);

export const ModeSwitch = () => {
  const asked = useApi<ModeView>("/enrichment/mode", { on: ["mode"] });
  const stats = useApi<StatsView>("/enrichment/stats", { on: ["mode", "alert"], everyMs: 10_000 });
  const audit = useApi<AuditView>(may("operate") ? "/api/v1/audit?action=enrichment.mode&limit=10" : null, {
    on: ["mode"],
  });
  const wanted = useSignal<string | null>(null);
  const refresh = (): void => {
    asked.refresh();
    audit.refresh();
    stats.refresh();
  };
  return (
    <Panel title="Mode of classification">
      <Loaded of={asked} what="mode">
        {({ mode, source }) => (
          <fieldset>
            <legend class="unseen">Mode</legend>
            {ENRICHMENT_MODES.map((name) => (
              <label key={name} class="check">
                <input
                  type="radio"
                  name="mode"
                  checked={name === mode}
                  disabled={!may("operate")}
                  onClick={(event) => {
                    // It is switched only after the reason is given: until then the old one stays marked.
                    event.preventDefault();
                    if (name !== mode) wanted.value = name;
                  }}
                />
                <span>
                  <strong>{nameOf(name)}</strong> <span class="dim">{MEANING[name]}</span>
                  {(stats.value?.alerts_by_mode[name] ?? 0) > 0 && (
                    <span class="dim"> {count(stats.value?.alerts_by_mode[name])} alerts in the last day.</span>
                  )}
                </span>
              </label>
            ))}
            <p class="dim">{SOURCE[source] ?? source}</p>
          </fieldset>
        )}
      </Loaded>
      {Object.keys(stats.value?.shadow_differences ?? {}).length > 0 && (
        <p class="notice">
          In shadow, mode enriched would have done otherwise:{" "}
          {Object.entries(stats.value?.shadow_differences ?? {})
            .map(([what, n]) => `${what.replaceAll("_", " ")} ${n} times`)
            .join(", ")}
          .
        </p>
      )}
      {audit.value !== null && audit.value.entries.length > 0 && <History of={audit.value.entries} />}
      {wanted.value !== null && (
        <Switch
          to={wanted.value}
          onClose={() => {
            wanted.value = null;
          }}
          onDone={refresh}
        />
      )}
    </Panel>
  );
};
