/** Sends a real test to a target and says beside the button what came of it. */
import { useSignal } from "@preact/signals";
import { call, may } from "./api.ts";
import { latency } from "./time.ts";
import { State } from "./ui.tsx";

interface Tested {
  readonly success: boolean;
  readonly status_code?: number;
  readonly response_time_ms: number;
  readonly error_message?: string;
}

const wordsOf = (
  name: string,
  { success, response_time_ms: ms, status_code: code, error_message: error }: Tested,
): string => (success ? `${name} took the test alert in ${latency(ms)}` : (error ?? `${name} answered ${code}`));

export const TestButton = ({ name }: { readonly name: string }) => {
  const result = useSignal<{ readonly ok: boolean; readonly text: string } | "busy" | null>(null);
  if (!may("operate")) return null;
  const run = async (): Promise<void> => {
    result.value = "busy";
    try {
      const tested = await call<Tested>("POST", `/publishing/targets/${encodeURIComponent(name)}/test`, {});
      result.value = { ok: tested.success, text: wordsOf(name, tested) };
    } catch (error) {
      result.value = { ok: false, text: error instanceof Error ? error.message : String(error) };
    }
  };
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={`Test ${name}`}
        disabled={result.value === "busy"}
        onClick={() => void run()}
      >
        {result.value === "busy" ? "Sending …" : "Test"}
      </button>
      <div role="status" class="tested">
        {result.value !== null && result.value !== "busy" && (
          <State of={result.value.ok ? "ok" : "failed"} label={result.value.text} />
        )}
      </div>
    </>
  );
};
