/** Mode, tokens, a test alert, the lines that make senders send here, and what changed in this installation. */
import { attempt } from "../announce.ts";
import { may, session, signOut } from "../api.ts";
import { Changes } from "../changes.tsx";
import { ModeSwitch } from "../mode-switch.tsx";
import { letterKeys, theme } from "../settings.ts";
import { SNIPPETS } from "../snippets.ts";
import { TestAlert } from "../test-alert.tsx";
import { Tokens } from "../tokens.tsx";
import { Panel, Snippet } from "../ui.tsx";

const Settings = () => (
  <>
    <ModeSwitch />
    {may("ingest") && <TestAlert />}
    <Panel title="Have alerts sent here">
      <p>
        Put a token with the scope <code>ingest</code> where it says <code>INGEST_TOKEN</code>
        {may("admin") ? "; it can be created below" : ""}.
      </p>
      {SNIPPETS.map(({ title, text }) => (
        <details key={title}>
          <summary>{title}</summary>
          <Snippet text={text(location.origin)} />
        </details>
      ))}
    </Panel>
    {may("admin") && <Tokens />}
    {may("operate") && <Changes />}
    <Panel title="This browser">
      <p>
        Signed in as <strong>{session.value?.name}</strong>, who may {session.value?.scopes.join(", ")}.{" "}
        <button type="button" class="small" onClick={() => void attempt(signOut, "Signed out")}>
          Sign out
        </button>
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={letterKeys.value === "on"}
          onChange={(event) => {
            letterKeys.value = event.currentTarget.checked ? "on" : "off";
          }}
        />
        Single-letter keys
      </label>
      <label>
        Colours
        <select
          class="narrow"
          value={theme.value}
          onChange={(event) => {
            theme.value = event.currentTarget.value as typeof theme.value;
          }}
        >
          <option value="system">as the system says</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </select>
      </label>
    </Panel>
  </>
);

export default Settings;
