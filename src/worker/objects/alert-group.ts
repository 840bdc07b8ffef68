/**
 * One alert group: a route and the labels it groups by. It keeps its members and one timer, which is its alarm; what a
 * flush decides is on disk with the new state before any of it is handed on, so a crash repeats the handing on and never
 * the decision.
 */
import { DurableObject } from "cloudflare:workers";
import type { Millis } from "../../core/alert/alert.ts";
import type { GroupState } from "../../core/group/group.ts";
import { isHeldKey } from "../../core/group/key.ts";
import type { StormOptions } from "../../core/group/storm.ts";
import { flushGroup } from "../../core/pipeline/flush.ts";
import { brief, catchUp, joinGroup } from "../../core/pipeline/join.ts";
import type { GroupJoin } from "../../core/pipeline/process.ts";
import { admitToStorm } from "../../core/pipeline/storm.ts";
import { formatOf } from "../../core/publish/index.ts";
import { loadContext } from "../context.ts";
import { readEnds } from "../db/history-transitions.ts";
import { insertPending } from "../db/notifications.ts";
import { appendTrace } from "../db/traces.ts";
import type { Bindings } from "../env.ts";
import { noteChange } from "../live.ts";
import { logError, logInfo } from "../log.ts";
import { handOver } from "../metrics/count.ts";
import { countSteps } from "../metrics/decision.ts";
import { ringTargets } from "../ring.ts";
import { inSpan, type Note } from "../span.ts";
import { Alarm } from "./alarm.ts";
import * as store from "./alert-group-store.ts";

/** When what could not be handed on or decided is tried again. */
const RETRY_MS = 5_000;

export class AlertGroup extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;
  readonly #alarm = new Alarm(this.ctx.storage);
  /** Many are only ever told of an end that nobody here waits for: they write nothing. */
  #isMade = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.#isMade = store.hasTables(this.#sql);
      await this.#alarm.load();
    });
  }

  /** Takes alerts in; on disk when this answers. */
  join(joins: readonly GroupJoin[]): void {
    const group = this.#load();
    const joined = joinGroup(group, joins, Date.now());
    if (joined === null) return;
    this.#make();
    this.ctx.storage.transactionSync(() => {
      for (const member of joined.news) {
        const parked = joins.find((join) => join.member === member)?.holds;
        store.saveMember(this.#sql, member, group.holds.get(member.fingerprint) ?? parked ?? "");
      }
      store.saveHead(this.#sql, joined.info, joined.state);
    });
    if (joined.state.wakeAt !== null) this.#alarm.by(joined.state.wakeAt);
  }

  /** Asks the storm of a route which of these alerts it takes, in order; those it takes have joined when this answers. */
  offer(offers: readonly GroupJoin[], options: StormOptions): readonly boolean[] {
    this.#make();
    const before = store.loadStorm(this.#sql);
    const { state, taken } = admitToStorm(before, store.load(this.#sql).members, offers, Date.now(), options);
    // Without an await between them both writes are one.
    if (state !== before) store.saveStorm(this.#sql, state);
    this.join(offers.filter((_, i) => taken[i]));
    return taken;
  }

  /** What the group holds: for people who ask why nothing has been told yet. */
  status(): { readonly members: number; readonly wakeAt: Millis | null; readonly key: string | null } {
    const { info, state, members } = this.#load();
    return { members: members.size, wakeAt: state.wakeAt, key: info?.key ?? null };
  }

  override async alarm(): Promise<void> {
    this.#alarm.passed();
    if (!this.#isMade) return;
    try {
      await this.#handOn();
      let { wakeAt } = store.load(this.#sql).state;
      if (wakeAt !== null && wakeAt <= Date.now()) {
        wakeAt = await inSpan("group.flush", { group: this.ctx.id.name ?? null }, (note) => this.#flush(note));
        await this.#handOn();
      }
      if (wakeAt !== null) this.#alarm.by(wakeAt);
    } catch (error) {
      // A failing alarm is retried six times and then given up for good; this one always comes again.
      logError("group.alarm", error, { group: this.ctx.id.name ?? "" });
      this.#alarm.by(Date.now() + RETRY_MS);
    }
  }

  /** Answers when to look again. */
  async #flush(note: Note): Promise<Millis | null> {
    const firing = () => [...store.load(this.#sql).members.values()].filter(({ status }) => status === "firing");
    const context = await loadContext(this.env, Date.now(), [], firing());
    const ends = await readEnds(this.env.DB, firing());
    // Read after the last await: members that came in meanwhile are part of it.
    const { info, state, members: joined, holds } = store.load(this.#sql);
    if (info === null) return null;
    const members = catchUp(joined, ends, context.now);
    const perAlert = (name: string): boolean => {
      const target = context.targets.get(name)?.target;
      return target !== undefined && (target.per ?? formatOf(target).per) === "alert";
    };
    const before: GroupState = { ...state, members: [...members.values()].map(brief) };
    const result = flushGroup(info, before, members, holds, perAlert, context);
    const left = new Set(result.state.members.map(({ fingerprint }) => fingerprint));
    const isQuiet = state.flushedAt !== null && result.notifications.length === 0 && left.size === members.size;
    this.ctx.storage.transactionSync(() => {
      store.addOutgoing(this.#sql, result);
      for (const [fingerprint, member] of members) {
        if (!left.has(fingerprint)) store.dropMember(this.#sql, fingerprint);
        else if ((result.holds.get(fingerprint) ?? "") !== holds.get(fingerprint)) {
          store.saveMember(this.#sql, member, result.holds.get(fingerprint) ?? "");
        }
      }
      // What is held back is looked at every minute, for as long as a silence lasts: only the alarm remembers that.
      if (!isQuiet || !isHeldKey(info.key)) store.saveHead(this.#sql, result.info, result.state);
    });
    const told = { members: members.size, notifications: result.notifications.length };
    logInfo("group.flushed", { group: info.subject, ...told });
    note({ receiver: info.receiver, ...told, reason: result.steps.at(-1)?.step.reason ?? null });
    return result.state.wakeAt;
  }

  async #handOn(): Promise<void> {
    const { lastId, outgoing } = store.loadOutgoing(this.#sql);
    if (lastId === 0) return;
    const statements = [
      ...insertPending(this.env.DB, outgoing.notifications, Date.now()),
      ...appendTrace(this.env.DB, outgoing.steps),
    ];
    if (statements.length > 0) {
      await inSpan("history.commit", { statements: statements.length }, () => this.env.DB.batch(statements));
    }
    countSteps(outgoing.steps.map(({ step }) => step));
    for (const { fingerprint } of outgoing.steps) noteChange("trace", fingerprint, "added");
    this.ctx.waitUntil(handOver(this.env));
    await ringTargets(this.env, outgoing.notifications);
    store.dropOutgoing(this.#sql, lastId);
  }

  #load(): store.Group {
    return this.#isMade ? store.load(this.#sql) : store.NOBODY;
  }

  #make(): void {
    if (!this.#isMade) store.createTables(this.#sql);
    this.#isMade = true;
  }
}
