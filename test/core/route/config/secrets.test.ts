import { describe, expect, it } from "vitest";
import { readConfig, withoutSecrets } from "../../../../src/core/route/config.ts";
import { readValid } from "./read-targets.ts";

const TEXT = `# who is told
global:
  slack_api_url: 'https://hooks.slack.com/services/T/B/sec1' # the old one
  http_config: {proxy_url: "http://user:sec2@proxy:3128", bearer_token: &token sec3}
route: {receiver: "team/a"}
receivers:
  - name: team/a
    slack_configs: [{channel: '#a'}]
    pagerduty_configs:
      - routing_key: sec4sec4sec4sec4sec4sec4sec4sec4
    webhook_configs:
      - url: |
          https://a.example/sec5
        http_config: {basic_auth: {username: ann, password: sec6}, http_headers: {X: {values: [sec7]}}}
      - url: https://b.example/sec8
        http_config: {authorization: {credentials: *token}}
  - name: other
    email_configs: [{to: a@example.com, auth_password: sec9}]
targets:
  own: {url: https://c.example/sec10, headers: {X-Api-Key: sec11}, signing_secrets: [whsec_sec12], priority: 5}
`;

const take = (text: string) => {
  const taken = withoutSecrets(text);
  if (!taken.ok) throw new Error(JSON.stringify(taken.error));
  return taken.value;
};

describe("secrets leave the document", () => {
  const { text, secrets } = take(TEXT);

  it("and nothing else changes", () => {
    expect(text).not.toMatch(/sec\d/);
    expect(text).toContain('slack_api_url: "<secret:/global/slack_api_url>" # the old one\n');
    expect(text).toContain("# who is told");
    expect(text).toContain("channel: '#a'");
    expect(text).toContain("http_config: {authorization: {credentials: *token}}");
    expect(text.split("\n").length).toBe(TEXT.split("\n").length - 1);
  });

  it("each under a name that does not depend on the order of receivers", () => {
    expect(secrets).toEqual({
      "/global/slack_api_url": "https://hooks.slack.com/services/T/B/sec1",
      "/global/http_config/proxy_url": "http://user:sec2@proxy:3128",
      "/global/http_config/bearer_token": "sec3",
      "/receivers/team~1a/pagerduty_configs/0/routing_key": "sec4sec4sec4sec4sec4sec4sec4sec4",
      "/receivers/team~1a/webhook_configs/0/url": "https://a.example/sec5\n",
      "/receivers/team~1a/webhook_configs/0/http_config/basic_auth/password": "sec6",
      "/receivers/team~1a/webhook_configs/0/http_config/http_headers/X/values/0": "sec7",
      "/receivers/team~1a/webhook_configs/1/url": "https://b.example/sec8",
      "/receivers/other/email_configs/0/auth_password": "sec9",
      "/targets/own/url": "https://c.example/sec10",
      "/targets/own/headers/X-Api-Key": "sec11",
      "/targets/own/signing_secrets/0": "whsec_sec12",
    });
  });

  it("and come back when it is read", () => {
    const again = readConfig(text, secrets);
    if (!again.ok) throw new Error(JSON.stringify(again.error));
    const plain = readValid(TEXT);
    expect(again.value.targets.map(({ json }) => json)).toEqual(plain.targets.map(({ json }) => json));
    expect(again.value.config).toEqual(plain.config);
  });

  it("without them, each that is missing is named", () => {
    const { "/global/slack_api_url": _, ...rest } = secrets;
    const read = readConfig(text, rest);
    expect(read).toMatchObject({
      ok: false,
      error: [
        { path: "/global/slack_api_url", line: 3, column: 18, message: expect.stringContaining("write its value") },
      ],
    });
    expect(readConfig(text).ok).toBe(false);
  });
});

describe("a document that is edited and stored again", () => {
  it("keeps the names of the secrets that were left alone, in any order", () => {
    const first = take(TEXT);
    const [before = "", receivers = ""] = first.text.split("receivers:\n");
    const [team = "", other = ""] = receivers.split("  - name: other\n");
    const [mail = "", targets = ""] = other.split("targets:\n");
    const edited = `${before}receivers:\n  - name: other\n${mail}${team}targets:\n${targets.replace('"<secret:/targets/own/url>"', "https://new.example/sec13")}`;
    const second = take(edited);
    expect(second.secrets).toEqual({ "/targets/own/url": "https://new.example/sec13" });
    const read = readConfig(second.text, { ...first.secrets, ...second.secrets });
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    expect(read.value.targets.find(({ name }) => name === "own")?.json.url).toBe("https://new.example/sec13");
    expect(read.value.targets.find(({ name }) => name === "team-a-pagerduty-1")?.json.routing_key).toMatch(/^sec4/);
  });

  it("does not take Alertmanager's word for a secret", () => {
    const text = "route: {receiver: a}\nreceivers: [{name: a, pagerduty_configs: [{routing_key: <secret>}]}]\n";
    expect(take(text).secrets).toEqual({});
    expect(readConfig(text)).toMatchObject({
      ok: false,
      error: [{ path: "/receivers/0/pagerduty_configs/0/routing_key", line: 2 }],
    });
  });
});
