/**
 * A small world with a clock of its own: reports come in, time passes, targets hear. Dedup, the decision and the groups
 * are the product's; only storage and network are left out.
 */
import type { Labels } from "../../src/core/alert/alert.ts";
import { parseDuration } from "../../src/core/alert/duration.ts";
import { fingerprint } from "../../src/core/alert/fingerprint.ts";
import { parseMatchers } from "../../src/core/alert/matcher-parse.ts";
import { decide, type Entry } from "../../src/core/dedup/decide.ts";
import { compileInhibition, indexSources, inhibitedBy } from "../../src/core/filter/inhibition.ts";
import { orderRules } from "../../src/core/filter/rules.ts";
import type { Silence } from "../../src/core/filter/silence.ts";
import { compileSilences, silencedBy } from "../../src/core/filter/silence-set.ts";
import { addMembers, EMPTY_GROUP, type GroupState } from "../../src/core/group/group.ts";
import type { AlertEvent } from "../../src/core/history/event.ts";
import type { Context } from "../../src/core/pipeline/context.ts";
import { flushGroup, type GroupInfo } from "../../src/core/pipeline/flush.ts";
import { type GroupMember, process } from "../../src/core/pipeline/process.ts";
import type { Notification } from "../../src/core/publish/notification.ts";
import type { RoutingConfig } from "../../src/core/route/routing.ts";
import { compileRouting } from "../../src/worker/routing.ts";
import { context, target } from "./decisions.ts";

export const BEGIN = Date.parse("2026-01-05T10:00:00Z");

export interface Heard {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly target: string;
  readonly reason: string;
  readonly status: string;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
}

interface Group {
  info: GroupInfo;
  state: GroupState;
  members: Map<string, GroupMember>;
  holds: ReadonlyMap<string, string>;
}

const seconds = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === null) throw new Error(`no duration: ${text}`);
  return ms / 1000;
};

export const specsOf = (text: string) => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
  return parsed.value.map(({ name, operator, value }) => ({ name, operator, value }));
};

export interface WorldOptions {
  readonly targets?: readonly string[];
  /** Targets that want each alert by itself, as pagers do. */
  readonly pagers?: readonly string[];
  readonly quiet?: readonly string[];
}

export class World {
  readonly heard: Heard[] = [];
  #now = 0;
  readonly #entries = new Map<string, Entry>();
  readonly #groups = new Map<string, Group>();
  readonly #told = new Map<string, Set<string>>();
  readonly #silences: Silence[] = [];
  readonly #config: RoutingConfig;
  #targets: ReturnType<typeof target>[];
  readonly #pagers: ReadonlySet<string>;

  constructor(config: RoutingConfig, { targets = ["slack"], pagers = [], quiet = [] }: WorldOptions = {}) {
    this.#config = config;
    this.#pagers = new Set(pagers);
    this.#targets = [...targets, ...pagers].map((name) => target(name, { sendResolved: !quiet.includes(name) }));
  }

  /** Lets time pass up to a moment; every timer due before goes off in its turn. */
  until(at: string): this {
    const end = seconds(at);
    for (;;) {
      const due = [...this.#groups]
        .filter(([, group]) => group.state.wakeAt !== null)
        .toSorted((a, b) => (a[1].state.wakeAt ?? 0) - (b[1].state.wakeAt ?? 0))[0];
      const wakeAt = due?.[1].state.wakeAt ?? null;
      if (due === undefined || wakeAt === null || (wakeAt - BEGIN) / 1000 > end) break;
      this.#now = Math.max(this.#now, (wakeAt - BEGIN) / 1000);
      this.#flush(due[1]);
    }
    this.#now = Math.max(this.#now, end);
    return this;
  }

  /** Reports an alert as firing at a moment; `started` may lie before it. */
  fires(at: string, labels: Labels, over: { readonly started?: number; readonly upstream?: string } = {}): this {
    return this.#report(at, labels, "firing", over);
  }

  resolves(at: string, labels: Labels): this {
    return this.#report(at, labels, "resolved", {});
  }

  /** Silences what matches, from a moment until another. */
  silence(id: string, matchers: string, from: string, to: string): this {
    const [startsAt, endsAt] = [BEGIN + seconds(from) * 1000, BEGIN + seconds(to) * 1000];
    this.#silences.push({
      id,
      matchers: specsOf(matchers),
      startsAt,
      endsAt,
      updatedAt: startsAt,
      createdBy: "ann",
      comment: "",
      annotations: {},
      recurrence: null,
    });
    return this;
  }

  /** Switches a target on or off at a moment. */
  turn(at: string, name: string, enabled: boolean): this {
    this.until(at);
    this.#targets = this.#targets.map((state) =>
      state.target.name === name ? { ...state, target: { ...state.target, enabled } } : state,
    );
    return this;
  }

  /** Everything in memory goes to disk and comes back, as in a restart. */
  restart(): this {
    for (const [key, group] of this.#groups) {
      const { info, state, members, holds } = group;
      const kept = JSON.parse(JSON.stringify({ info, state, members: [...members], holds: [...holds] }));
      this.#groups.set(key, {
        info: kept.info,
        state: kept.state,
        members: new Map(kept.members),
        holds: new Map(kept.holds),
      });
    }
    return this;
  }

  #report(
    at: string,
    labels: Labels,
    status: "firing" | "resolved",
    { started, upstream }: { readonly started?: number; readonly upstream?: string },
  ): this {
    this.until(at);
    const now = BEGIN + this.#now * 1000;
    const id = fingerprint(labels);
    const alert = {
      fingerprint: id,
      labels,
      annotations: {},
      status,
      startsAt: started === undefined ? now : BEGIN + started * 1000,
      endsAt: status === "resolved" ? now : null,
      expiresAt: null,
      generatorURL: "",
    };
    const { entry, transition } = decide(this.#entries.get(id) ?? null, alert, now, null);
    this.#entries.set(id, entry);
    if (transition === null) return this;
    const event: AlertEvent = {
      ...entry,
      kind: transition,
      previousStatus: null,
      receivedAt: now,
      expired: false,
      receiptId: null,
      format: upstream === undefined ? "prometheus" : "alertmanager",
      upstream: upstream === undefined ? null : { groupKey: upstream, receiver: "hook", externalURL: "" },
      sourceFingerprint: null,
    };
    const decision = process(event, null, this.#context(now));
    if (status === "firing") this.#told.set(id, new Set());
    for (const direct of decision.notifications) {
      this.#told.get(id)?.add(direct.target);
      this.#hear(direct.target, direct.notification);
    }
    for (const join of decision.groups) {
      const { subject, key, labels: groupLabels, routeId, receiver, targets, timing, fallback, member } = join;
      const group = this.#groups.get(subject) ?? {
        info: { subject, key, labels: groupLabels, routeId, receiver, targets, timing, fallback },
        state: EMPTY_GROUP,
        members: new Map(),
        holds: new Map(),
      };
      if (member.status === "resolved" && !group.members.has(member.fingerprint)) continue;
      const { fingerprint: f, seq, status: s, startsAt } = member;
      group.state = addMembers(group.state, [{ fingerprint: f, seq, status: s, startsAt }], timing, now);
      group.members.set(f, member);
      this.#groups.set(subject, group);
    }
    return this;
  }

  #context(now: number): Context {
    const known = new Set(this.#targets.map((state) => state.target.name));
    const routing = compileRouting(this.#config, known, [...known]);
    const firing = [...this.#entries.values()].map(({ fingerprint: id, labels, status }) => ({
      fingerprint: id,
      labels,
      status,
      expiresAt: null,
    }));
    const inhibitions = indexSources(compileInhibition(this.#config.inhibitRules), firing, now);
    const silences = compileSilences(this.#silences);
    return context({
      now,
      targets: new Map(this.#targets.map((state) => [state.target.name, state])),
      match: routing.match,
      timeMute: routing.timeMute,
      silencedBy: (labels, at) => silencedBy(silences, labels, at),
      inhibitedBy: (labels, id) =>
        inhibitedBy(inhibitions, labels)
          .map(({ source }) => source)
          .filter((source) => source !== id),
      filterRules: orderRules(this.#config.filters),
      toldTargets: (id) => [...(this.#told.get(id) ?? [])],
    });
  }

  #flush(group: Group): void {
    const now = BEGIN + this.#now * 1000;
    const result = flushGroup(
      group.info,
      group.state,
      group.members,
      group.holds,
      (name) => this.#pagers.has(name),
      this.#context(now),
    );
    group.state = result.state;
    group.holds = result.holds;
    for (const [id, member] of group.members) if (member.status === "resolved") group.members.delete(id);
    for (const { target: name, item } of result.notifications) this.#hear(name, item.notification);
  }

  #hear(name: string, { alerts, reason, status }: Notification): void {
    const named = (wanted: string): string[] =>
      alerts
        .filter((alert) => alert.status === wanted)
        .map(({ labels }) => labels["instance"] ?? labels["alertname"] ?? "")
        .toSorted();
    this.heard.push({
      at: this.#now,
      target: name,
      reason,
      status,
      firing: named("firing"),
      resolved: named("resolved"),
    });
  }
}
