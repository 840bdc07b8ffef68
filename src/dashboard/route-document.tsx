/** The configuration document: as it is, a change of it, and its versions with what each changed. */
import { useSignal } from "@preact/signals";
import { attempt } from "./announce.ts";
import { call } from "./api.ts";
import { Diff } from "./config-diff.tsx";
import { Editor } from "./config-editor.tsx";
import { Dialog } from "./dialog.tsx";
import { hrefWith, useQuery } from "./query.ts";
import type { Applied, DocumentView, VersionView } from "./types.ts";
import { Ago, At, Cell, Loaded, Panel, Snippet, State } from "./ui.tsx";
import { useApi } from "./use-api.ts";

interface VersionProps {
  readonly version: number;
  readonly current: number;
  readonly editable: boolean;
  readonly onClose: () => void;
  readonly onChange: () => void;
}

/** One version: what it changed, and what going back to it would change. */
const Version = ({ version, current, editable, onClose, onChange }: VersionProps) => {
  const asked = useApi<DocumentView & Pick<Applied, "diff">>(`/api/v1/config/versions/${version}`);
  const back = useSignal<Applied | null>(null);
  const tryBack = (): void =>
    void attempt(async () => {
      back.value = await call<Applied>("POST", "/api/v1/config/rollback", { version, dry_run: true });
    }, null);
  const goBack = async (): Promise<void> => {
    const done = await attempt(
      () => call("POST", "/api/v1/config/rollback", { version }),
      `Version ${version} is in force again`,
    );
    if (done) onChange();
  };
  return (
    <Dialog title={`Version ${version}`} class="broad" onClose={onClose}>
      <Loaded of={asked} what="version">
        {(value) => (
          <>
            <p class="dim">
              by {value.created_by}, <At at={value.created_at} />: {value.note}
            </p>
            <h3>What it changed</h3>
            <Diff of={value.diff} />
            <details>
              <summary>The whole document</summary>
              <Snippet text={value.document} />
            </details>
            {back.value !== null && (
              <>
                <h3>What going back to it would change now</h3>
                <Diff of={back.value.diff} />
              </>
            )}
            {editable && version !== current && (
              <div class="actions">
                {back.value === null ? (
                  <button type="button" onClick={tryBack}>
                    Go back to it …
                  </button>
                ) : (
                  <button type="button" class="primary" onClick={() => void goBack()}>
                    Put version {version} in force again
                  </button>
                )}
              </div>
            )}
          </>
        )}
      </Loaded>
    </Dialog>
  );
};

const Versions = ({ of, current }: { readonly of: readonly VersionView[]; readonly current: number }) => {
  const { path, query } = useQuery();
  if (of.length === 0) {
    return (
      <p class="dim">No document has been put in force: every enabled target gets what its own filter lets pass.</p>
    );
  }
  return (
    <table class="cards">
      <caption class="unseen">Versions, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col">When</th>
          <th scope="col">By</th>
          <th scope="col">What for</th>
        </tr>
      </thead>
      <tbody>
        {of.map((version) => (
          <tr key={version.version}>
            <td class="nowrap">
              <a href={hrefWith(path, query, { version: String(version.version) })}>
                {version.version}: what it changed
              </a>{" "}
              {version.version === current && <State of="active" label="in force" />}
            </td>
            <td class="nowrap">
              <Ago at={version.created_at} />
            </td>
            <Cell of="by">{version.created_by}</Cell>
            <td>{version.note}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

interface RouteDocumentProps {
  readonly editable: boolean;
  readonly onChange: () => void;
}

export const RouteDocument = ({ editable, onChange }: RouteDocumentProps) => {
  const { query, change } = useQuery();
  const current = useApi<DocumentView>("/api/v1/config", { on: ["config"] });
  const versions = useApi<{ versions: VersionView[] }>("/api/v1/config/versions", { on: ["config"] });
  const editing = useSignal<DocumentView | null>(null);
  const refresh = (): void => {
    editing.value = null;
    current.refresh();
    versions.refresh();
    onChange();
  };
  const shown = Number(query["version"] ?? 0);
  return (
    <>
      <Panel
        title={current.value === null ? "Document" : `Document, version ${current.value.version}`}
        tools={
          editable &&
          editing.value === null && (
            <button
              type="button"
              class="small"
              disabled={current.value === null}
              onClick={() => {
                editing.value = current.value;
              }}
            >
              Change …
            </button>
          )
        }
      >
        {editing.value !== null ? (
          <Editor of={editing.value} onDone={refresh} />
        ) : (
          <Loaded of={current} what="document">
            {(value) => (
              <details>
                <summary>
                  {value.document.split("\n").length} lines{value.note === "" ? "" : `: ${value.note}`}
                </summary>
                <Snippet text={value.document} />
              </details>
            )}
          </Loaded>
        )}
      </Panel>
      <Panel title="Versions">
        <Loaded of={versions} what="versions">
          {(value) => <Versions of={value.versions} current={current.value?.version ?? 0} />}
        </Loaded>
      </Panel>
      {shown > 0 && current.value !== null && (
        <Version
          key={shown}
          version={shown}
          current={current.value.version}
          editable={editable}
          onClose={() => change({ version: null })}
          onChange={() => {
            change({ version: null });
            refresh();
          }}
        />
      )}
    </>
  );
};
