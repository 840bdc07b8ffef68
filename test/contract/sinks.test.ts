/** The sinks themselves: what they must refuse, so that a format that passes them has shown something. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PagerDutyProvider } from "../support/sinks/pagerduty.ts";
import { createPagerDuty } from "../support/sinks/pagerduty.ts";
import { type SinkServer, startSink } from "../support/sinks/server.ts";
import { createSink, type SinkRequest } from "../support/sinks/sink.ts";
import { deliver, requestOf, stepFor } from "./deliver.ts";
import { SITUATIONS } from "./notifications.ts";
import { type Case, caseNamed, ROUTING_KEY } from "./targets.ts";

const goodRequest = (one: Case): SinkRequest => requestOf(stepFor(one.target, SITUATIONS.firing!));

type Json = Record<string, unknown>;

const withBody = (request: SinkRequest, change: (body: Json) => unknown): SinkRequest => ({
  ...request,
  body: JSON.stringify(change(JSON.parse(request.body) as Json)),
});

const slackWith = (blocks: readonly unknown[]) => (body: Json) => ({ ...body, blocks });
const section = (text: unknown) => ({ type: "section", text });
const plain = (length: number) => ({ type: "plain_text", text: "x".repeat(length) });
const embed = (change: Json) => (body: Json) => ({ ...body, embeds: [{ ...(body.embeds as Json[])[0], ...change }] });
const payload = (change: Json) => (body: Json) => ({ ...body, payload: { ...(body.payload as Json), ...change } });
const attributes = (change: Json) => (body: Json) => {
  const data = body.data as Json;
  return { data: { ...data, attributes: { ...(data.attributes as Json), ...change } } };
};

const BAD_BODIES: readonly (readonly [name: string, what: string, change: (body: Json) => unknown, answer: RegExp])[] =
  [
    ["slack webhook", "a section of 3001 characters", slackWith([section(plain(3001))]), /^400 .*3001 of 3000/],
    ["slack webhook", "an empty section", slackWith([section(plain(0))]), /^400 .*blank/],
    ["slack webhook", "51 blocks", slackWith(Array(51).fill({ type: "divider" })), /^400 .*51 of 50/],
    [
      "slack webhook",
      "more than 13 200 characters in all",
      slackWith(Array(5).fill(section(plain(3000)))),
      /^400 msg_blocks_too_long/,
    ],
    ["slack webhook", "a header of 151", slackWith([{ type: "header", text: plain(151) }]), /^400 .*151 of 150/],
    [
      "slack webhook",
      "markup in alert text",
      slackWith([section({ type: "mrkdwn", text: "<!channel>" })]),
      /^400 .*unescaped/,
    ],
    ["slack bot", "no text and no blocks", ({ channel }) => ({ channel }), /^200 .*no_text/],
    ["slack bot", "an argument Slack does not know", (body) => ({ ...body, color: "red" }), /^200 .*invalid_arguments/],
    ["slack bot", "a channel the bot is not in", (body) => ({ ...body, channel: "C9" }), /^200 .*channel_not_found/],
    ["pagerduty", "a summary of 1025", payload({ summary: "x".repeat(1025) }), /^400 .*1025 of 1024/],
    ["pagerduty", "no source", payload({ source: undefined }), /^400 .*source/],
    ["pagerduty", "a severity of its own", payload({ severity: "noise" }), /^400 .*severity/],
    ["pagerduty", "a dedup key of 256", (body) => ({ ...body, dedup_key: "x".repeat(256) }), /^400 .*dedup_key/],
    ["pagerduty", "an unknown routing key", (body) => ({ ...body, routing_key: "x" }), /^400 .*Invalid routing key/],
    [
      "pagerduty",
      "an image without https",
      (body) => ({ ...body, images: [{ src: "http://x.example/i.png" }] }),
      /^400 .*https/,
    ],
    ["pagerduty", "more than 512 KB", payload({ custom_details: { x: "x".repeat(600_000) } }), /^413/],
    ["rootly incident", "an attribute it does not know", attributes({ severity: "critical" }), /^422 .*severity/],
    ["rootly incident", "a title of 256", attributes({ title: "x".repeat(256) }), /^422 .*256 of 255/],
    ["rootly incident", "labels with blanks", attributes({ labels: { a: "b c" } }), /^422 .*blanks/],
    ["rootly alert", "a source that is not in its list", attributes({ source: "alert-history" }), /^422 .*source/],
    ["rootly alert", "no JSON:API envelope", () => ({ summary: "x" }), /^422 .*attributes/],
    ["teams", "more than the size that works", (body) => ({ ...body, filler: "x".repeat(22_000) }), /^413/],
    ["teams", "a MessageCard", () => ({ "@type": "MessageCard", text: "x" }), /^400/],
    ["discord", "a description of 4097", embed({ description: "x".repeat(4097) }), /^400 .*4097 of 4096/],
    ["discord", "26 fields", embed({ fields: Array(26).fill({ name: "a", value: "b" }) }), /^400 .*26 of 25/],
    [
      "discord",
      "more than 6000 in sum",
      embed({ description: "x".repeat(4096), footer: { text: "x".repeat(2000) } }),
      /^400 .*of 6000/,
    ],
    ["discord", "nothing at all", () => ({ allowed_mentions: { parse: [] } }), /^400 .*empty/],
    ["telegram", "an open tag", (body) => ({ ...body, text: "<b>x" }), /^400 .*entities/],
    ["telegram", "a bare bracket", (body) => ({ ...body, text: "a < b" }), /^400 .*entities/],
    ["telegram", "a tag it does not know", (body) => ({ ...body, text: "<script>x</script>" }), /^400 .*entities/],
    ["telegram", "an entity it does not know", (body) => ({ ...body, text: "&nbsp;" }), /^400 .*entity/],
    ["telegram", "4097 characters", (body) => ({ ...body, text: "x".repeat(4097) }), /^400 .*too long/],
    ["opsgenie", "a message of 131", (body) => ({ ...body, message: "x".repeat(131) }), /^422 .*131 of 130/],
    ["opsgenie", "a detail that is no text", (body) => ({ ...body, details: { a: 1 } }), /^422 .*no text/],
    ["opsgenie", "21 tags", (body) => ({ ...body, tags: Array(21).fill("t") }), /^422 .*21 of 20/],
    ["alertmanager", "a version that is no text", (body) => ({ ...body, version: 4 }), /^400 .*version/],
    ["alertmanager", "an empty group key", (body) => ({ ...body, groupKey: "" }), /^400 .*groupKey/],
    ["webhook", "a type that is no dotted words", (body) => ({ ...body, type: "alert firing" }), /^400 .*type/],
  ];

describe("refuses", () => {
  test.each(BAD_BODIES)("%s: %s", (name, _, change, expected) => {
    const one = caseNamed(name);
    const sink = createSink(one.create());
    const { status, body } = sink.handle(withBody(goodRequest(one), change));
    expect(`${status} ${body}`).toMatch(expected);
  });

  test.each([
    ["slack bot", "authorization", "Bearer wrong", /invalid_auth/],
    ["slack bot", "content-type", "text/plain", /invalid_post_type/],
    ["rootly incident", "authorization", "Bearer wrong", /^401/],
    ["rootly incident", "content-type", "application/json", /^415/],
    ["opsgenie", "authorization", "GenieKey wrong", /^401/],
    ["webhook", "content-type", "text/plain", /^415/],
  ])("%s: the wrong %s", (name, header, value, expected) => {
    const one = caseNamed(name);
    const request = goodRequest(one);
    const { status, body } = createSink(one.create()).handle({
      ...request,
      headers: { ...request.headers, [header]: value },
    });
    expect(`${status} ${body}`).toMatch(expected);
  });

  test.each(["slack webhook", "teams", "discord", "telegram"])("%s: a URL whose secret is wrong", (name) => {
    const one = caseNamed(name);
    const request = goodRequest(one);
    const { status } = createSink(one.create()).handle({ ...request, url: request.url.replace(/secret|AA/, "guess") });
    expect([401, 404]).toContain(status);
  });
});

describe("notices", () => {
  test("mentions that would ping, in Discord and Telegram", () => {
    const discord = createSink(caseNamed("discord").create());
    discord.handle(withBody(goodRequest(caseNamed("discord")), () => ({ content: "@everyone" })));
    expect(discord.provider).toMatchObject({ pings: ["@everyone", "mentions are parsed"] });
    const telegram = createSink(caseNamed("telegram").create());
    telegram.handle(withBody(goodRequest(caseNamed("telegram")), (body) => ({ ...body, text: "hello @somebody" })));
    expect(telegram.provider).toMatchObject({ pings: ["hello @somebody"] });
  });
});

describe("over HTTP", () => {
  let server: SinkServer<PagerDutyProvider>;
  beforeAll(async () => {
    server = await startSink(createPagerDuty([ROUTING_KEY]));
  });
  afterAll(() => server.close());

  const send = async (name: string): Promise<number> => {
    const target = { ...caseNamed("pagerduty").target, url: `${server.url}/v2/enqueue` };
    const { method, url, headers, body } = stepFor(target, SITUATIONS[name]!).request;
    return (await fetch(url, { method, headers, body })).status;
  };

  test("a sink takes what its provider takes, and refuses on demand without the provider seeing it", async () => {
    server.sink.answerNext({ status: 429, headers: { "retry-after": "1" } }, 2);
    expect([await send("firing"), await send("firing"), await send("firing")]).toEqual([429, 429, 202]);
    expect(server.sink.exchanges).toHaveLength(3);
    expect(server.sink.provider.incidents).toMatchObject([{ triggers: 1, resolved: false }]);
  });

  test("order matters: a resolve before its trigger leaves the incident open", async () => {
    const sink = createSink(createPagerDuty([ROUTING_KEY]));
    const { target } = caseNamed("pagerduty");
    deliver(target, SITUATIONS.resolved!, sink);
    deliver(target, SITUATIONS.firing!, sink);
    expect(sink.provider.droppedResolves).toHaveLength(1);
    expect(sink.provider.incidents).toMatchObject([{ resolved: false }]);
  });
});
