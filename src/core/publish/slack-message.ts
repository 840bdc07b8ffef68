/**
 * The Slack message both kinds of Slack share (contracts 11.4). Alert text stands only in `plain_text` objects, which
 * know no markup; the one `mrkdwn` object holds our own links.
 */
import { escapeSlack } from "./escape.ts";
import type { Notification } from "./notification.ts";
import { type Story, tellWithin } from "./story.ts";
import { cutEscaped } from "./text.ts";

/** Slack's limits per block (`href`: ours, four of them stay below 3000); all block text together fails from about 13 200, so it is kept to 12 000. */
const LIMITS = { header: 150, field: 2000, section: 3000, text: 3000, href: 600, all: 12_000 } as const;

const COLORS = { critical: "#FF0000", warning: "#FFA500", info: "#0000FF", noise: "#808080" } as const;
const RESOLVED_COLOR = "#36A64F";

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  readonly emoji: false;
}

type Block =
  | { readonly type: "header"; readonly text: PlainText }
  | { readonly type: "section"; readonly text?: PlainText; readonly fields?: readonly PlainText[] }
  | { readonly type: "context"; readonly elements: readonly (PlainText | Mrkdwn)[] };

interface Mrkdwn {
  readonly type: "mrkdwn";
  readonly text: string;
  /** Keeps Slack from turning names and words into links and mentions. */
  readonly verbatim: true;
}

export interface SlackMessage {
  /** What the notification on the phone shows. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly attachments: readonly { readonly color: string; readonly blocks: readonly Block[] }[];
}

const plain = (text: string, limit: number): PlainText => ({
  type: "plain_text",
  text: cutEscaped(text, limit, escapeSlack),
  emoji: false,
});

/** Empty section text is invalid, so an absent text has no block. */
const section = (text: string): readonly Block[] =>
  text.trim() === "" ? [] : [{ type: "section", text: plain(text, LIMITS.section) }];

const linkText = ({ links }: Story): string =>
  links
    .map(({ text, href }) => ({ text, href: escapeSlack(href) }))
    .filter(({ href }) => href.length <= LIMITS.href)
    .map(({ text, href }) => `<${href}|${text}>`)
    .join(" · ");

const context = (story: Story): Block => {
  const links = linkText(story);
  const reference = plain(story.reference || "-", LIMITS.field);
  return {
    type: "context",
    elements: links === "" ? [reference] : [reference, { type: "mrkdwn", text: links, verbatim: true }],
  };
};

/** The title as every message of this notification begins. */
export const slackTitle = ({ mark, title, status }: Story): string => `${mark}${title}: ${status}`;

const messageOf = (story: Story): SlackMessage => {
  const fields = story.facts.slice(0, 10).map(([name, value]) => plain(`${name}: ${value}`, LIMITS.field));
  const lines = story.more > 0 ? [...story.lines, `and ${story.more} more`] : story.lines;
  const title = plain(`${story.emoji} ${slackTitle(story)}`, LIMITS.header);
  const green = story.state === "resolved" || story.state === "missed";
  return {
    text: cutEscaped(`${story.mark}Alert: ${story.title} ${story.status}`, LIMITS.text, escapeSlack),
    blocks: [{ type: "header", text: title }],
    attachments: [
      {
        color: green ? RESOLVED_COLOR : COLORS[story.severity],
        blocks: [
          ...(fields.length === 0 ? [] : [{ type: "section", fields } as const]),
          ...section(story.body),
          ...section(lines.join("\n")),
          ...section(story.reasoning && `AI reasoning: ${story.reasoning}`),
          ...section(story.recommendations.map((text) => `• ${text}`).join("\n")),
          context(story),
        ],
      },
    ],
  };
};

const textsOf = (value: unknown): readonly string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "text" && typeof inner === "string" ? [inner] : textsOf(inner),
  );
};

const fits = (message: SlackMessage): boolean =>
  textsOf([message.blocks, message.attachments]).reduce((sum, text) => sum + text.length, 0) <= LIMITS.all;

/** The whole message, within every limit of Slack. */
export const slackMessage = (notification: Notification): SlackMessage => tellWithin(notification, messageOf, fits);
