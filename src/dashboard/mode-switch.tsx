/** How much a classification may do; a change says why, and can be undone by the next. */
import { useSignal } from "@preact/signals";
import { ENRICHMENT_MODES } from "../core/classify/mode.ts";
import { attempt } from "./announce.ts";
import { call, may } from "./api.ts";
import { Confirm } from "./dialog.tsx";
import { Loaded, Panel } from "./ui.tsx";
import { useApi } from "./use-api.ts";

const MEANING: Readonly<Record<(typeof ENRICHMENT_MODES)[number], string>> = {
  transparent: "No classification at all: alerts go on as they came.",
  enriched: "Classifies, adds what it found and lets it count in routing and filters.",
  transparent_with_recommendations: "Classifies and adds what it found, but changes nothing.",
  shadow: "Classifies and records what it would have done; nobody sees it outside.",
};

interface ModeView {
  readonly mode: string;
  readonly source: string;
}

export const ModeSwitch = () => {
  const asked = useApi<ModeView>("/enrichment/mode");
  const wanted = useSignal<string | null>(null);
  const apply = async (mode: string): Promise<void> => {
    await attempt(() => call("POST", "/enrichment/mode", { mode }), `The mode is ${mode.replaceAll("_", " ")}`);
    asked.refresh();
  };
  return (
    <Panel title="Mode of classification">
      <Loaded of={asked} what="mode">
        {({ mode, source }) => (
          <>
            {ENRICHMENT_MODES.map((name) => (
              <label key={name} class="check">
                <input
                  type="radio"
                  name="mode"
                  checked={name === mode}
                  disabled={!may("operate")}
                  onChange={() => {
                    wanted.value = name;
                  }}
                />
                <span>
                  <strong>{name.replaceAll("_", " ")}</strong> <span class="dim">{MEANING[name]}</span>
                </span>
              </label>
            ))}
            <p class="dim">Set by: {source}</p>
          </>
        )}
      </Loaded>
      {wanted.value !== null && (
        <Confirm
          title={`Switch to ${wanted.value.replaceAll("_", " ")}?`}
          action="Switch"
          onClose={() => {
            wanted.value = null;
            asked.refresh();
          }}
          onConfirm={() => void apply(wanted.peek() ?? asked.value?.mode ?? "")}
        >
          <p>It holds for every alert from now on, and is noted with your name.</p>
        </Confirm>
      )}
    </Panel>
  );
};
