/** The configuration document: as it is, what a change of it would change, and its versions. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call, withQuery } from "./api.ts";
import type { Applied, DocumentView, VersionView } from "./types.ts";
import { Ago, Loaded, Panel, Snippet } from "./ui.tsx";
import { useApi } from "./use-api.ts";

/** Unchanged lines shown around a changed one. */
const CONTEXT = 3;
const MARK = { same: " ", added: "+", removed: "-" };

export const Diff = ({ of }: { readonly of: Applied["diff"] }) => {
  const near = (index: number): boolean =>
    of.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ change }) => change !== "same");
  const lines = of.map((line, index) => ({ ...line, index })).filter(({ index }) => near(index));
  if (lines.length === 0) return <p class="notice">It is the same as what is in force.</p>;
  return (
    <pre class="diff">
      {lines.map(({ change, text, index }) => (
        <span key={index} class={change}>
          {MARK[change]} {text}
          {"\n"}
        </span>
      ))}
    </pre>
  );
};

interface RouteDocumentProps {
  readonly editable: boolean;
  readonly onChange: () => void;
}

const Editor = ({ of, onDone }: { readonly of: DocumentView; readonly onDone: () => void }) => {
  const text = useSignal(of.document);
  const note = useSignal("");
  const tried = useSignal<Applied | null>(null);
  const put = (dryRun: boolean): Promise<Applied> =>
    call<Applied>("PUT", withQuery("/api/v1/config", { dry_run: String(dryRun), note: note.value }), text.value);
  const tryIt = (): Promise<boolean> =>
    attempt(async () => {
      tried.value = null;
      tried.value = await put(true);
    }, "It can be put in force");
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
        <button
          type="button"
          class="primary"
          disabled={tried.value === null}
          onClick={() =>
            void attempt(() => put(false), "In force").then((done) => {
              if (done) onDone();
            })
          }
        >
          Put in force
        </button>
      </div>
    </div>
  );
};

export const RouteDocument = ({ editable, onChange }: RouteDocumentProps) => {
  const current = useApi<DocumentView>("/api/v1/config", { follow: false });
  const versions = useApi<{ versions: VersionView[] }>("/api/v1/config/versions", { follow: false });
  const editing = useSignal(false);
  const refresh = (): void => {
    editing.value = false;
    current.refresh();
    versions.refresh();
    onChange();
  };
  const rollBack = (version: number): void =>
    void attempt(
      () => call("POST", "/api/v1/config/rollback", { version }),
      `Version ${version} is in force again`,
    ).then(refresh);
  return (
    <>
      <Panel
        title={current.value === null ? "Document" : `Document, version ${current.value.version}`}
        tools={
          editable &&
          !editing.value && (
            <button
              type="button"
              class="small"
              onClick={() => {
                editing.value = true;
              }}
            >
              Change …
            </button>
          )
        }
      >
        <Loaded of={current} what="document">
          {(value) => (editing.value ? <Editor of={value} onDone={refresh} /> : <Snippet text={value.document} />)}
        </Loaded>
      </Panel>
      <Panel title="Versions">
        <Loaded of={versions} what="versions">
          {(value) =>
            value.versions.length === 0 ? (
              <p class="dim">
                No document has been put in force: every enabled target gets what its own filter lets pass.
              </p>
            ) : (
              <table class="cards">
                <tbody>
                  {value.versions.map((version) => (
                    <tr key={version.version}>
                      <td>{version.version}</td>
                      <td class="nowrap">
                        <Ago at={version.created_at} />
                      </td>
                      <td>{version.created_by}</td>
                      <td>{version.note}</td>
                      <td>
                        {editable && version.version !== current.value?.version && (
                          <button type="button" class="small" onClick={() => rollBack(version.version)}>
                            Go back to it
                          </button>
                        )}
                      </td>
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
