import fc from "fast-check";
import { expect, test } from "vitest";
import { readTarget, readTargetWithWarnings } from "../../../src/core/route/target-read.ts";
import { writeTarget } from "../../../src/core/route/target-write.ts";

const options = { parseUrl: (text: string) => URL.parse(text) };
const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const byFormat = fc.constantFrom<Record<string, unknown>>(
  { type: "webhook", url: "https://a.example.com/x?y=z", signing_secret: `whsec_${"a".repeat(32)}` },
  { format: "alertmanager", url: "https://a.example.com", api_key: "key" },
  { type: "slack", url: "https://hooks.slack.com/services/T/B/x" },
  { type: "slack", bot_token: "xoxb-1", channel: "C1" },
  { type: "pagerduty", headers: { "routing-key": "k".repeat(32), "X-A": "b" } },
  { type: "pagerduty", routing_key: "k".repeat(32), former_routing_keys: ["l".repeat(32)] },
  {
    type: "rootly",
    token: "key",
    kind: "alert",
    severity_ids: { critical: "1" },
    service_ids: "a,b",
    group_ids: ["c"],
  },
  { type: "teams", url: "https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=y" },
  { type: "discord", url: "https://discord.com/api/webhooks/1/x", thread_id: "5" },
  { type: "telegram", bot_token: "1:a", channel: "-1", thread_id: 3 },
  { type: "telegram", format: "template", template: "{{ status }}", bot_token: "1:a", channel: "-1" },
  { type: "opsgenie", auth_header: "GenieKey key" },
  {
    format: "template",
    url: "https://a.example.com/",
    template: "{{ status }}",
    content_type: "text/plain",
    username: "u",
    password: "p",
  },
);
const common = fc.record(
  {
    name: word,
    enabled: fc.boolean(),
    priority: fc.integer({ min: 1, max: 1000 }),
    send_resolved: fc.constantFrom("yes", "no"),
    timeout_seconds: fc.integer({ min: 1, max: 30 }),
    retry_window_seconds: fc.integer({ min: 0, max: 604_800 }),
    per: fc.constantFrom("alert", "group"),
    description: fc.string(),
    metadata: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
    filter_config: fc.record(
      {
        severity: fc.subarray(["critical", "error", "info", "noise"]),
        namespaces: fc.array(word),
        exclude_noise: fc.boolean(),
        min_confidence: fc.constantFrom(0, 0.5, 1),
        alert_name_pattern: word,
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["name"] },
);

test("what is written is read back to the same target, with nothing to warn of, also over the wire", () => {
  fc.assert(
    fc.property(byFormat, common, (format, rest) => {
      const first = readTarget({ ...format, ...rest }, options);
      if (!first.ok) throw new Error(first.error.detail);
      const wire: unknown = JSON.parse(JSON.stringify(writeTarget(first.value)));
      expect(readTargetWithWarnings(wire, options)).toEqual({ ok: true, value: { target: first.value, warnings: [] } });
    }),
    { numRuns: 500 },
  );
});
