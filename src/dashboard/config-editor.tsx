/** Changes the configuration document: tried first, put in force only as it was tried and over what was read. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call, withQuery } from "./api.ts";
import { Diff } from "./config-diff.tsx";
import type { Applied, DocumentView } from "./types.ts";

interface EditorProps {
  readonly of: DocumentView;
  readonly onDone: () => void;
}

export const Editor = ({ of, onDone }: EditorProps) => {
  const text = useSignal(of.document);
  const note = useSignal("");
  const tried = useSignal<Applied | null>(null);
  const put = (dryRun: boolean): Promise<Applied> =>
    call<Applied>(
      "PUT",
      withQuery("/api/v1/config", { dry_run: String(dryRun), note: note.value }),
      text.value,
      undefined,
      // Whoever changed it meanwhile must not lose that.
      { "if-match": `"${of.version}"` },
    );
  const tryIt = (): Promise<boolean> =>
    attempt(async () => {
      tried.value = null;
      tried.value = await put(true);
    }, "It can be put in force");
  const apply = async (): Promise<void> => {
    if (await attempt(() => put(false), "In force")) onDone();
  };
  return (
    <div class="form">
      <label>
        Document (Alertmanager's form, YAML)
        <textarea
          rows={18}
          spellcheck={false}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            tried.value = null;
          }}
        />
      </label>
      <label>
        What for
        <input
          value={note.value}
          onInput={(event) => {
            note.value = event.currentTarget.value;
          }}
        />
      </label>
      {tried.value?.warnings.map((warning) => (
        <p key={`${warning.path} ${warning.message}`} class="notice">
          Line {warning.line}, {warning.path}: {warning.message}
        </p>
      ))}
      {tried.value !== null && <Diff of={tried.value.diff} />}
      <div class="actions">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="button" onClick={() => void tryIt()}>
          Try it and show the difference
        </button>
        <button type="button" class="primary" disabled={tried.value === null} onClick={() => void apply()}>
          Put in force
        </button>
      </div>
    </div>
  );
};
