import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskCredentials } from "../../../src/core/classify/credentials.ts";
import { redactAlert, redactValue } from "../../../src/core/classify/redact.ts";
import { alertWith } from "../../support/classifiable.ts";
import { PLANTED_SECRETS } from "../../support/secrets.ts";

const OPTIONS = { removeLabels: [], emails: false, secrets: [] };

describe("credentials in a value", () => {
  test.each(PLANTED_SECRETS)("$what is masked", ({ text, secret }) => {
    const redacted = redactValue(`before ${text} after the fact`);
    expect(redacted).not.toContain(secret);
    expect(redacted).toContain("[redacted]");
    expect(redacted).toMatch(/^before /);
  });

  test.each(PLANTED_SECRETS)("$what is masked inside JSON and across lines", ({ text, secret }) => {
    expect(redactValue(JSON.stringify({ msg: text, nested: JSON.stringify({ text }) }))).not.toContain(secret);
    expect(redactValue(`line one\n\t${text}\nline three`)).not.toContain(secret);
  });

  test.each(PLANTED_SECRETS)("$what is masked wherever the limit cuts it", ({ text, secret }) => {
    const half = secret.slice(0, Math.ceil(secret.length / 2));
    for (const position of [980, 999, 3970, 3990, 3999]) {
      const padding = "word ".repeat(1000).slice(0, position - Math.floor(text.length / 2) - 1);
      expect(redactValue(`${padding} ${text}`)).not.toContain(half);
    }
    // Masks before it shorten the text, so that what stood behind the window's middle moves up.
    const masks = "password=abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz ".repeat(70).slice(0, 3999 - 12);
    expect(redactValue(`${masks}${text}`)).not.toContain(half);
  });
});

test("a word of at most twelve letters, digits and underscores is nothing that is masked", () => {
  const word = fc.oneof(
    fc.stringMatching(/^\w{0,12}$/),
    ...PLANTED_SECRETS.map(({ text, secret }) =>
      fc.constantFrom(...`${text} ${secret}`.split(/\W+/).map((part) => part.slice(0, 12))),
    ),
  );
  fc.assert(fc.property(word, (text) => maskCredentials(text) === text));
});

describe("text that helps a model stays", () => {
  test.each([
    "CPU above 90 % for 5 minutes on web-7d9f8b6c5d-x2x4z in production",
    "KubernetesStatefulSetReplicasMismatchInProductionCluster2",
    "http://10.0.0.1:9090/graph?g0.expr=up%3D%3D0&g0.tab=1",
    "https://runbooks.example.com/alerts/HighCPU#steps",
    'rate(http_requests_total{code=~"5..",job="api"}[5m]) / rate(http_requests_total[5m]) > 0.05',
    "max_tokens=1000 tokens_used: 12 tokenizer=fast",
    "the password is missing",
    "bypass=1 compass: north",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "arn:aws:rds:eu-central-1:123456789012:db:orders",
    "disk /var/lib/kubelet/pods is 91 % full; inode use 12 %",
    "basic authentication is not configured",
    "registry.example.com/team/service:v1.28.3-rc1",
    "Диск заполнен на 91 % 🔥",
  ])("%s", (text) => {
    expect(redactValue(text)).toBe(text);
  });
});

test("an e-mail address is masked only where the operator wants it", () => {
  expect(redactValue("ask ops@example.com")).toBe("ask ops@example.com");
  expect(redactValue("ask ops@example.com", { ...OPTIONS, emails: true })).toBe("ask [redacted]");
});

test("a string known to be secret is masked whatever it looks like, the longer one first", () => {
  const options = { ...OPTIONS, secrets: ["plain", "plain words"] };
  expect(redactValue("these plain words and plain ones", options)).toBe("these [redacted] and [redacted] ones");
});

test("a value is one line of visible text of at most 1000 characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 6000 }), (value) => {
      const redacted = redactValue(value);
      expect(redacted.length).toBeLessThanOrEqual(1000);
      expect(redacted).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
      expect(redacted.isWellFormed()).toBe(true);
      expect(redactValue(value)).toBe(redacted);
    }),
  );
});

test("zero-width characters do not hide a key from the patterns", () => {
  expect(redactValue("key AK\u200bIAIOSFODNN7\u2060EXAMPLE here")).toBe("key [redacted] here");
});

describe("an alert", () => {
  test("keeps its shape", () => {
    const alert = alertWith({
      labels: { alertname: "HighCPU", severity: "warning" },
      annotations: { summary: "hot" },
      fingerprint: "00000000000000aa",
    });
    expect(redactAlert(alert)).toEqual({
      alertname: "HighCPU",
      status: "firing",
      labels: { alertname: "HighCPU", severity: "warning" },
      annotations: { summary: "hot" },
      startsAt: "2026-01-01T10:00:00.000Z",
      fingerprint: "00000000000000aa",
      omitted: 0,
    });
  });

  test("loses configured labels, and their values wherever a template wrote them", () => {
    const alert = alertWith({
      labels: { alertname: "Late", customer: "ACME Corp", tier: "gold" },
      annotations: { summary: "ACME Corp waits", customer: "ACME Corp" },
    });
    const data = redactAlert(alert, { ...OPTIONS, removeLabels: ["customer"] });
    expect(data.labels).toEqual({ alertname: "Late", tier: "gold" });
    expect(data.annotations).toEqual({ summary: "[redacted] waits" });
    expect(JSON.stringify(data)).not.toContain("ACME");
  });

  test("hides its name where that label is configured", () => {
    const data = redactAlert(alertWith({ labels: { alertname: "AcmeOrders" } }), {
      ...OPTIONS,
      removeLabels: ["alertname"],
    });
    expect(data.alertname).toBe("unknown");
    expect(JSON.stringify(data)).not.toContain("AcmeOrders");
  });

  test.each([
    "password",
    "db_password",
    "apiKey",
    "x-auth-token",
    "client_secret",
    "AWS_SECRET_ACCESS_KEY",
    "webhook_url",
    "db_pass",
    "SSH_PRIVATE_KEY",
  ])("masks a label named %s whatever its value is", (name) => {
    expect(redactAlert(alertWith({ labels: { [name]: "sunshine" } })).labels[name]).toBe("[redacted]");
  });

  test("fits a budget however large it is, the telling values first, and says what is missing", () => {
    const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`label_${i}`, "some words ".repeat(50)]));
    const data = redactAlert(alertWith({ labels: { ...labels, severity: "page" }, annotations: { summary: "late" } }));
    expect(JSON.stringify(data).length).toBeLessThan(20_000);
    expect(data.labels.severity).toBe("page");
    expect(Object.keys(data.labels).length + Object.keys(data.annotations).length + data.omitted).toBe(5003);
  });

  test("survives label names of Object's own", () => {
    const labels = Object.fromEntries([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    const data = redactAlert(alertWith({ labels }));
    expect(Object.entries(data.labels)).toContainEqual(["__proto__", "a"]);
    expect(Object.entries(data.labels)).toContainEqual(["constructor", "b"]);
  });
});

test("text made to slow patterns down is masked like any other", { timeout: 10_000 }, () => {
  const parts = [
    "token",
    "eyJ-",
    "://",
    "-----BEGIN PRIVATE KEY",
    "a.",
    "password:",
    "A1b",
    'token\\"',
    "x:y@",
    "_-",
    "[](",
  ];
  for (const part of parts) {
    const value = part.repeat(4000 / part.length);
    for (let round = 0; round < 20; round += 1) expect(redactValue(value).length).toBeLessThanOrEqual(1000);
  }
});
