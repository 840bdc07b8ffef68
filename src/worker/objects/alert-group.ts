/**
 * One alert group: a route and the labels it groups by. It keeps its members and one timer, which is its alarm; what a
 * flush decides is on disk with the new state before any of it is handed on, so a crash repeats the handing on and never
 * the decision.
 */
import { DurableObject } from "cloudflare:workers";
import type { Millis } from "../../core/alert/alert.ts";
import { addMembers, type GroupState } from "../../core/group/group.ts";
import { flushGroup, type GroupInfo } from "../../core/pipeline/flush.ts";
import type { GroupJoin } from "../../core/pipeline/process.ts";
import { formatOf } from "../../core/publish/index.ts";
import { loadContext } from "../context.ts";
import { insertPending } from "../db/notifications.ts";
import { appendTrace } from "../db/traces.ts";
import type { Bindings } from "../env.ts";
import { logError, logInfo } from "../log.ts";
import { ringTargets } from "../ring.ts";
import * as store from "./alert-group-store.ts";

/** When what could not be handed on or decided is tried again. */
const RETRY_MS = 5_000;

export class AlertGroup extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  #alarmAt: Millis | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      store.createTables(this.#sql);
      this.#alarmAt = await ctx.storage.getAlarm();
    });
  }

  /** Takes alerts in; on disk when this answers. An end nobody here was waiting for is no news. */
  join(joins: readonly GroupJoin[]): void {
    const last = joins.at(-1);
    if (last === undefined) return;
    const group = store.load(this.#sql);
    const news = joins
      .map((join) => join.member)
      .filter(
        (member) =>
          member.status === "firing" ||
          group.members.has(member.fingerprint) ||
          joins.some((j) => j.member.fingerprint === member.fingerprint && j.member.status === "firing"),
      );
    if (news.length === 0) return;
    const { subject, key, labels, routeId, receiver, timing, fallback } = last;
    // Each alert may wait for targets of its own: a group of what is held back looks after all of them.
    const targets = [
      ...new Set([
        ...(group.members.size > 0 ? (group.info?.targets ?? []) : []),
        ...joins.flatMap((join) => join.targets),
      ]),
    ];
    const info: GroupInfo = { subject, key, labels, routeId, receiver, timing, fallback, targets };
    const before: GroupState = { ...group.state, members: [...group.members.values()].map(store.brief) };
    const state = addMembers(before, news.map(store.brief), timing, Date.now());
    if (state === before) return;
    this.ctx.storage.transactionSync(() => {
      for (const member of news) {
        if ((group.members.get(member.fingerprint)?.seq ?? 0) < member.seq) {
          store.saveMember(this.#sql, member, group.holds.get(member.fingerprint) ?? "");
        }
      }
      store.saveHead(this.#sql, info, state);
    });
    if (state.wakeAt !== null) this.#alarmBy(state.wakeAt);
  }

  /** What the group holds: for people who ask why nothing has been told yet. */
  status(): { readonly members: number; readonly wakeAt: Millis | null; readonly key: string | null } {
    const { info, state, members } = store.load(this.#sql);
    return { members: members.size, wakeAt: state.wakeAt, key: info?.key ?? null };
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    try {
      await this.#handOn();
      const wakeAt = store.load(this.#sql).state.wakeAt;
      if (wakeAt !== null && wakeAt <= Date.now()) {
        await this.#flush();
        await this.#handOn();
      }
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; this one always comes again.
      logError("group.alarm", error, { group: this.ctx.id.name ?? "" });
      this.#alarmBy(Date.now() + RETRY_MS);
      return;
    }
    const { wakeAt } = store.load(this.#sql).state;
    if (wakeAt !== null) this.#alarmBy(wakeAt);
  }

  async #flush(): Promise<void> {
    const context = await loadContext(this.env, Date.now());
    // Read after the last await: members that came in meanwhile are part of it.
    const { info, state, members, holds } = store.load(this.#sql);
    if (info === null) return;
    const perAlert = (name: string): boolean => {
      const target = context.targets.get(name)?.target;
      return target !== undefined && (target.per ?? formatOf(target).per) === "alert";
    };
    const before: GroupState = { ...state, members: [...members.values()].map(store.brief) };
    const result = flushGroup(info, before, members, holds, perAlert, context);
    this.ctx.storage.transactionSync(() => {
      store.addOutgoing(this.#sql, result);
      for (const [fingerprint, member] of members) {
        if (member.status === "resolved") store.dropMember(this.#sql, fingerprint);
        else if ((result.holds.get(fingerprint) ?? "") !== holds.get(fingerprint)) {
          store.saveMember(this.#sql, member, result.holds.get(fingerprint) ?? "");
        }
      }
      store.saveHead(this.#sql, info, result.state);
    });
    logInfo("group.flushed", {
      group: info.subject,
      members: members.size,
      notifications: result.notifications.length,
    });
  }

  async #handOn(): Promise<void> {
    const { lastId, outgoing } = store.loadOutgoing(this.#sql);
    if (lastId === 0) return;
    const statements = [
      ...insertPending(this.env.DB, outgoing.notifications, Date.now()),
      ...appendTrace(this.env.DB, outgoing.steps),
    ];
    if (statements.length > 0) await this.env.DB.batch(statements);
    await ringTargets(this.env, outgoing.notifications);
    store.dropOutgoing(this.#sql, lastId);
  }

  #alarmBy(at: Millis): void {
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}
