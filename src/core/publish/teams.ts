/**
 * Microsoft Teams through a Workflows webhook: an Adaptive Card (targets.md 7). Alert text stands only in text runs,
 * which know neither markdown nor mentions. Nothing can be edited, so a resolve is a second card.
 */
import { ok } from "../result.ts";
import type { Format } from "./format.ts";
import { judge } from "./judge.ts";
import { teamsBody } from "./judge-body.ts";
import { secretsOf } from "./redact.ts";
import { jsonRequest } from "./request.ts";
import { type Story, tellWithin } from "./story.ts";
import { cut, utf8Bytes } from "./text.ts";

/** About 28 KB are documented, failures were seen from 21 KB on. */
const MAX_BYTES = 20_000;
const MAX_TITLE = 300;

const COLORS = { critical: "attention", warning: "warning", info: "accent", noise: "default" } as const;

interface Run {
  readonly type: "TextRun";
  readonly text: string;
  readonly weight?: "bolder";
  readonly size?: "large";
  readonly color?: string;
  readonly isSubtle?: true;
}

const paragraph = (...inlines: readonly Run[]): object => ({ type: "RichTextBlock", inlines });

const run = (text: string, look: Omit<Run, "type" | "text"> = {}): Run => ({ type: "TextRun", text, ...look });

const textBlocks = (text: string): readonly object[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => paragraph(run(line)));

const cardOf = (story: Story): object => {
  const done = story.state === "resolved" || story.state === "missed";
  const title = cut(`${story.emoji} ${story.mark}${story.title}: ${story.status}`, MAX_TITLE);
  return {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    fallbackText: title,
    msteams: { width: "Full" },
    body: [
      paragraph(run(title, { weight: "bolder", size: "large", color: done ? "good" : COLORS[story.severity] })),
      ...textBlocks(story.body),
      ...story.facts.map(([name, value]) => paragraph(run(`${name}: `, { weight: "bolder" }), run(value))),
      ...story.lines.map((line) => paragraph(run(line))),
      ...(story.more > 0 ? [paragraph(run(`and ${story.more} more`))] : []),
      ...(story.reasoning === "" ? [] : [paragraph(run("AI reasoning: ", { weight: "bolder" }), run(story.reasoning))]),
      ...story.recommendations.map((text) => paragraph(run(`• ${text}`))),
      ...(story.reference === "" ? [] : [paragraph(run(story.reference, { isSubtle: true }))]),
    ],
    actions: story.links.map(({ text, href }) => ({ type: "Action.OpenUrl", title: text, url: href })),
  };
};

const messageOf = (story: Story): object => ({
  type: "message",
  attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: cardOf(story) }],
});

const fits = (message: object): boolean => utf8Bytes(JSON.stringify(message)) <= MAX_BYTES;

export const teams: Format = {
  name: "teams",
  per: "group",
  keyed: false,
  audience: "chat",
  pace: { perSecond: 1, burst: 3 },
  next: (notification, target, _receipt, stepsDone) => {
    if (stepsDone.includes("send")) return ok("done");
    const secrets = secretsOf(target);
    return ok({
      name: "send",
      request: jsonRequest(target, { url: target.url, body: tellWithin(notification, messageOf, fits) }),
      read: (answer, known, now) => judge(answer, known, now, { secrets, body: teamsBody }),
    });
  },
};
