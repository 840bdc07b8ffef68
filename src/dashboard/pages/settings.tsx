/** Mode, tokens, a test alert, and the lines that make senders send here. */

import { attempt } from "../announce.ts";
import { call, may } from "../api.ts";
import { ModeSwitch } from "../mode-switch.tsx";
import { letterKeys, theme } from "../settings.ts";
import { SNIPPETS } from "../snippets.ts";
import { Tokens } from "../tokens.tsx";
import { Panel, Snippet } from "../ui.tsx";

const sendTestAlert = (): Promise<unknown> =>
  call("POST", "/webhook", {
    alertname: "TestAlert",
    severity: "info",
    source: "dashboard",
    summary: `Sent from the dashboard at ${new Date().toISOString()}`,
  });

const Settings = () => (
  <>
    <ModeSwitch />
    {may("ingest") && (
      <Panel title="Try it">
        <p>Sends one alert named TestAlert through everything, to every target that takes it.</p>
        <button type="button" onClick={() => void attempt(sendTestAlert, "Sent: it appears under Alerts")}>
          Send test alert
        </button>
      </Panel>
    )}
    <Panel title="Have alerts sent here">
      <p>
        Put a token with the scope <code>ingest</code> where it says <code>INGEST_TOKEN</code>.
      </p>
      {SNIPPETS.map(({ title, text }) => (
        <details key={title}>
          <summary>{title}</summary>
          <Snippet text={text(location.origin)} />
        </details>
      ))}
    </Panel>
    {may("admin") && <Tokens />}
    <Panel title="This browser">
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
