/** What to do when nothing has come in yet. */
import { Empty, Snippet } from "./ui.tsx";

const command = (): string =>
  [
    `curl ${location.origin}/webhook`,
    `-H "Authorization: Bearer $INGEST_TOKEN"`,
    `-H 'Content-Type: application/json'`,
    `-d '{"alertname":"DiskAlmostFull","severity":"warning","instance":"db-1","summary":"91 % used"}'`,
  ].join(" \\\n  ");

export const FirstAlert = () => (
  <Empty title="No alert has come in yet.">
    <p>Send the first one; it appears here by itself:</p>
    <Snippet text={command()} />
    <p>
      Lines for Alertmanager, Prometheus and Grafana are in <a href="/settings">Settings</a>.
    </p>
  </Empty>
);
