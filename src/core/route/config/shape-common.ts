/** What several of Alertmanager's receiver integrations have in common. */
import { file, flag, list, object, type Shape, secretUrl, text } from "./shape.ts";
import { httpConfig } from "./shape-http.ts";

/** The list of one integration's entries. */
export const integration = (keys: Readonly<Record<string, Shape>>): Shape =>
  list(object({ send_resolved: flag, http_config: httpConfig, ...keys }));

export const titledFields = list(object({ title: text, value: text, short: flag }));
export const webhookUrl = { webhook_url: secretUrl, webhook_url_file: file };
/** How chats with attachments look; texts are templates. */
export const attachment = {
  color: text,
  title: text,
  title_link: text,
  pretext: text,
  text,
  fallback: text,
  footer: text,
  image_url: text,
  thumb_url: text,
};
