/** Targets with a template, and what a template makes of a notification. */
import type { Notification } from "../../../src/core/publish/notification.ts";
import type { Target } from "../../../src/core/route/target.ts";
import { stepFor } from "../../contract/deliver.ts";
import { SITUATIONS } from "../../contract/notifications.ts";
import { targetOf } from "../../contract/targets.ts";

export const TEXT = "text/plain; charset=utf-8";

export const templateTarget = (template: string, over: Partial<Target> = {}, contentType = TEXT): Target =>
  targetOf({ format: "template", type: "webhook", ...over, options: { ...over.options, template, contentType } });

export const rendered = (template: string, notification: Notification = SITUATIONS.firing!): string =>
  stepFor(templateTarget(template), notification).request.body;
