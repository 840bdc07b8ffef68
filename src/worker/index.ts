/** The Worker: HTTP, queues, cron, and the classes of its Durable Objects. */
import { type NotificationsMessage, readAlertsMessage } from "../core/messages.ts";
import { app } from "./app.ts";
import { consumeAlerts } from "./consumers/alerts.ts";
import { consumeNotifications } from "./consumers/notifications.ts";
import { runCron } from "./cron/index.ts";
import { countingDatabase } from "./db/counted.ts";
import type { Bindings } from "./env.ts";
import { logError, logWarn } from "./log.ts";
import { count } from "./metrics/count.ts";
import { ours } from "./metrics/families.ts";
import { handOverSoon } from "./metrics/hand-over.ts";
import { canonicalRequest } from "./paths.ts";
import { inSpan } from "./span.ts";

export { AlertGroup } from "./objects/alert-group.ts";
export { AlertShard } from "./objects/alert-shard.ts";
export { LiveFeed } from "./objects/live-feed.ts";
export { MetricsHub } from "./objects/metrics-hub.ts";
export { TargetObject } from "./objects/target.ts";
export { TargetRegistry } from "./objects/target-registry.ts";

/** A failed batch comes again after this; the outbox and the sweep ring anyway. */
const RETRY_DELAY_SECONDS = 5;

const consume = async (batch: MessageBatch, env: Bindings, ctx: ExecutionContext): Promise<void> => {
  if (batch.queue === "alerts") {
    const redelivered = batch.messages.some((message) => message.attempts > 1);
    const messages = batch.messages.map(({ body }) => readAlertsMessage(body));
    return inSpan("process", { messages: messages.length, redelivered }, () =>
      consumeAlerts(env, messages, redelivered, ctx),
    );
  }
  if (batch.queue === "notifications") {
    const messages = batch.messages.map((message) => message.body as NotificationsMessage);
    return inSpan("publish", { messages: messages.length }, () => consumeNotifications(env, messages, ctx));
  }
  // A dead bell is no dead alert: the outbox or the pending row rings again.
  count(ours("queue_dead_messages_total"), { queue: batch.queue }, batch.messages.length);
  logWarn("queue.dead", { queue: batch.queue, messages: batch.messages.length });
};

const countFailed = (messages: readonly Message[]): void =>
  count(
    "webhook_alerts_processed_total",
    { status: "failed" },
    messages.reduce((sum, { body }) => sum + readAlertsMessage(body).changes.length, 0),
  );

export default {
  fetch: (request, env, ctx) => app.fetch(canonicalRequest(request), countingDatabase(env), ctx),
  async queue(batch, bindings, ctx) {
    const env = countingDatabase(bindings);
    try {
      await consume(batch, env, ctx);
      batch.ackAll();
    } catch (error) {
      if (batch.queue === "alerts") countFailed(batch.messages);
      logError("queue.failed", error, { queue: batch.queue, messages: batch.messages.length });
      batch.retryAll({ delaySeconds: RETRY_DELAY_SECONDS });
    }
    handOverSoon(env, ctx);
  },
  async scheduled(controller, env) {
    await inSpan("cron", {}, () => runCron(countingDatabase(env), controller.scheduledTime));
  },
} satisfies ExportedHandler<Bindings>;
