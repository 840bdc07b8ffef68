/** A Teams workflow: accepts one Adaptive Card per message, up to the size that is known to work. */
import {
  bytesOf,
  type Checker,
  createChecker,
  isHttpUrl,
  isObject,
  type Json,
  type JsonObject,
  objectOf,
} from "./check.ts";
import { type Provider, pathOf, textAnswer } from "./sink.ts";

export interface TeamsProvider extends Provider {
  readonly cards: readonly JsonObject[];
}

const MAX_BYTES = 21_000;

const checkRun = (check: Checker, inline: Json): void => {
  if (!isObject(inline)) {
    check.that(false, "an inline is no text run");
    return;
  }
  check.onlyKeys(inline, "TextRun", ["type", "text", "weight", "size", "color", "isSubtle"]);
  check.that(inline.type === "TextRun", "an inline is no text run");
  check.text(inline.text, "TextRun.text", MAX_BYTES);
};

const checkElement = (check: Checker, element: Json): void => {
  if (!isObject(element)) {
    check.that(false, "an element is no object");
    return;
  }
  // A TextBlock would read markdown: the sink takes none, so that alert text cannot stand in one.
  check.that(element.type === "RichTextBlock", `element type ${String(element.type)}`);
  const inlines = check.list(element.inlines, "inlines", 100);
  check.that(inlines.length > 0, "an element is empty");
  for (const inline of inlines) checkRun(check, inline);
};

const checkCard = (check: Checker, card: JsonObject): void => {
  check.that(card.type === "AdaptiveCard", "the content is no Adaptive Card");
  check.that(/^1\.[0-5]$/.test(String(card.version)), "the card version is not supported");
  const body = check.list(card.body, "body", 200);
  check.that(body.length > 0, "the card is empty");
  for (const element of body) checkElement(check, element);
  for (const action of check.list(card.actions, "actions", 6)) {
    check.that(
      isObject(action) && action.type === "Action.OpenUrl" && isHttpUrl(action.url),
      "an action opens no link",
    );
  }
};

/** A workflow at `url` (path and query; the signature in it is the secret). */
export const createTeams = (url: string): TeamsProvider => {
  const cards: JsonObject[] = [];
  return {
    name: "teams",
    cards,
    handle: (request) => {
      if (pathOf(request) !== url.split("?")[0]) return textAnswer(404, "WorkflowNotFound");
      if (request.url !== url) return textAnswer(401, "DirectApiAuthorizationRequired");
      if (bytesOf(request.body) > MAX_BYTES) return textAnswer(413, "Request Entity too large");
      const check = createChecker();
      const body = objectOf(request.body);
      check.that(body.type === "message", "type is not message");
      const attachments = check.list(body.attachments, "attachments", 1).filter(isObject);
      check.that(attachments.length === 1, "there is not exactly one attachment");
      for (const attachment of attachments) {
        check.that(attachment.contentType === "application/vnd.microsoft.card.adaptive", "the attachment is no card");
        if (isObject(attachment.content)) checkCard(check, attachment.content);
        else check.that(false, "the attachment is empty");
      }
      if (check.complaints.length > 0) return textAnswer(400, check.complaints.join("; "));
      cards.push(body);
      return { status: 202, headers: { "x-ms-workflow-run-id": `run-${cards.length}` }, body: "" };
    },
  };
};
