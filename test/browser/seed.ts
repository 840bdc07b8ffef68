/** Some of everything for the screens: alerts in every state, an incident, deliveries, dead letters, a silence, a route. */
import { settled, type World } from "./world.ts";

const DOCUMENT = `
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 0s
  routes:
    - matchers: ['team="payments"']
      receiver: pager
    - matchers: ['team="billing"']
      receiver: billing
receivers:
  - name: chat
    targets: [chat]
  - name: pager
    targets: [pager, chat]
  - name: billing
    targets: [billing]
correlation:
  labels: [cluster]
  within: 10m
heartbeats:
  - name: watchdog-eu
    matchers: 'alertname="Watchdog"'
    within: 5m
`;

const HOUR_MS = 3_600_000;

interface Named {
  readonly name: string;
  readonly severity: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly status?: "firing" | "resolved";
}

const alertOf = ({ name, severity, labels = {}, status = "firing" }: Named): object => ({
  status,
  labels: { alertname: name, severity, namespace: "shop", instance: "node-1:9100", ...labels },
  annotations: { summary: `${name}: what a person reads first`, runbook_url: "https://runbooks.example/it" },
  startsAt: new Date(Date.now() - HOUR_MS).toISOString(),
  ...(status === "resolved" ? { endsAt: new Date().toISOString() } : {}),
});

const SEEDED: readonly Named[] = [
  { name: "CheckoutDown", severity: "critical", labels: { team: "payments", cluster: "eu-west" } },
  { name: "HighErrorRate", severity: "warning", labels: { team: "payments", cluster: "eu-west" } },
  { name: "QueueBacklog", severity: "warning", labels: { cluster: "eu-west" } },
  { name: "DiskAlmostFull", severity: "warning", labels: { cluster: "us-east", instance: "db-1:9100" } },
  { name: "CertificateExpiring", severity: "info", labels: { cluster: "us-east" } },
  { name: "InvoiceJobFailed", severity: "warning", labels: { team: "billing", cluster: "us-east" } },
  { name: "InvoiceQueueFull", severity: "critical", labels: { team: "billing", cluster: "us-east" } },
  { name: "NoisyProbe", severity: "info", labels: { cluster: "ap-south" } },
  { name: "Watchdog", severity: "info", labels: { cluster: "eu-west" } },
];

export const seed = async ({ api, ingest, receivers }: World): Promise<void> => {
  receivers.answer("billing", 404);
  for (const name of ["chat", "pager", "billing"]) {
    await api("POST", "/api/v1/targets", { name, type: "webhook", url: receivers.url(name) });
  }
  await api("PUT", "/api/v1/config?note=seeded", DOCUMENT);
  await api("POST", "/api/v2/silences", {
    matchers: [{ name: "alertname", value: "NoisyProbe", isRegex: false, isEqual: true }],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 4 * HOUR_MS).toISOString(),
    createdBy: "alice",
    comment: "The probe is being replaced",
  });
  await ingest(SEEDED.map(alertOf));
  await ingest([
    alertOf({ ...SEEDED[3]!, status: "resolved" }),
    alertOf({ name: "BackupFailed", severity: "warning", status: "firing" }),
  ]);
  await settled("two dead letters", async () => {
    const { total } = await api<{ total: number }>("GET", "/api/v1/dead-letters/counts");
    return total >= 2;
  });
};
