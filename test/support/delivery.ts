/** Target objects under a clock of our own: what to deliver, and moving on from alarm to alarm. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { PendingNotification } from "../../src/core/messages.ts";
import type { Notification } from "../../src/core/publish/notification.ts";
import { insertPending } from "../../src/worker/db/notifications.ts";
import type { Bindings } from "../../src/worker/env.ts";
import type { NotificationRow } from "../../src/worker/views.ts";
import { post } from "./api.ts";
import type { Received } from "./outside.ts";
import type { Sink } from "./sinks/sink.ts";

const bindings = env as unknown as Bindings;

/** Far enough ahead that no real alarm goes off by itself. */
export const START = Date.UTC(2036, 0, 1);

export const startClock = (at = START): void => {
  vi.useFakeTimers({ toFake: ["Date"], now: at });
};

export const stubOf = (target: string) => bindings.TARGETS.getByName(target);

export const addTarget = async (definition: Record<string, unknown>): Promise<string> => {
  const answer = await post("/api/v1/targets", definition);
  if (answer.status > 201) throw new Error(answer.text);
  return definition.name as string;
};

export interface Told {
  readonly subject: string;
  readonly seq: number;
  readonly status?: "firing" | "resolved";
  readonly severity?: "critical" | "warning" | "info";
  readonly fallback?: string;
  readonly replay?: number;
  readonly summary?: string;
}

export const itemFor = (target: string, told: Told): PendingNotification => {
  const { subject, seq, status = "firing", severity = "warning", summary = `${subject} ${seq}` } = told;
  const at = Date.now();
  const labels = { alertname: `Alert${subject}`, severity };
  const notification: Notification = {
    id: `${subject}:${seq}:${target}`,
    kind: "alerts",
    status,
    reason: status === "firing" ? "firstNotification" : "allResolved",
    groupKey: `{}:{alertname="Alert${subject}"}`,
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: {},
    routeLabels: {},
    receiver: target,
    alerts: [
      {
        fingerprint: subject,
        status,
        labels,
        annotations: { summary },
        startsAt: at,
        endsAt: status === "resolved" ? at : null,
        generatorURL: "https://prometheus.example.com/graph",
        severity,
        classification: null,
      },
    ],
    truncatedAlerts: 0,
    publicUrl: "https://alerts.example.com",
    enrichmentMode: "transparent",
    replay: false,
    at,
  };
  return {
    subject,
    seq,
    at,
    notification,
    ...(told.fallback === undefined ? {} : { fallback: told.fallback }),
    ...(told.replay === undefined ? {} : { replay: told.replay }),
  };
};

/** Commits the notifications as the consumer does and takes them to the target. */
export const hand = async (target: string, ...list: readonly Told[]): Promise<void> => {
  const items = list.map((told) => itemFor(target, told));
  for (let from = 0; from < items.length; from += 100) {
    const some = items.slice(from, from + 100);
    const addressed = some.map((item) => ({ target, item }));
    await bindings.DB.batch([
      ...insertPending(bindings.DB, addressed, Date.now()),
      // There is no event behind these: kept whole, as those are that no event can say again.
      bindings.DB.prepare(
        `UPDATE notifications SET payload = value->'notification' FROM json_each(?1)
         WHERE at = value->>'at' AND subject = value->>'subject' AND seq = value->>'seq' AND target = ?2`,
      ).bind(JSON.stringify(some), target),
    ]);
    await stubOf(target).accept(some);
  }
};

/** The same, and waits until nothing moves. */
export const queue = async (target: string, ...list: readonly Told[]): Promise<void> => {
  await hand(target, ...list);
  await idle(target);
};

const TICK_MS = 2;
export const idle = async (target: string): Promise<void> => {
  for (let calm = 0; calm < 2; ) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const { inFlight, ready, owes } = await stubOf(target).status();
    calm = inFlight === 0 && ready === 0 && !owes ? calm + 1 : 0;
  }
};

/**
 * Moves the clock to `until`, stopping at the alarms of this target on the way, `everyMs` apart at the least; answers how
 * many there were.
 */
export const advance = async (target: string, until: number, everyMs = 0): Promise<number> => {
  let alarms = 0;
  for (;;) {
    const { alarmAt } = await stubOf(target).status();
    if (alarmAt === null || alarmAt > until) break;
    vi.setSystemTime(Math.min(until, Math.max(alarmAt, Date.now() + (alarms === 0 ? 0 : everyMs))));
    await runDurableObjectAlarm(stubOf(target));
    await idle(target);
    alarms += 1;
  }
  vi.setSystemTime(until);
  return alarms;
};

export const rowsOf = async (target: string): Promise<NotificationRow[]> =>
  (
    await bindings.DB.prepare("SELECT * FROM notifications WHERE target = ?1 ORDER BY at, subject, seq, replay")
      .bind(target)
      .all<NotificationRow>()
  ).results;

export const statesOf = async (target: string): Promise<string[]> =>
  (await rowsOf(target)).map((row) =>
    [row.subject, row.seq, row.state, row.reason].filter((v) => v !== null).join(" "),
  );

/** Lets a receiver answer as the provider behind a sink does. */
export const answerBy =
  (sink: Sink) =>
  ({ url, method, headers, body }: Received): Response => {
    const { pathname, search } = new URL(url);
    const answer = sink.handle({ method, url: pathname + search, headers, body });
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  };
