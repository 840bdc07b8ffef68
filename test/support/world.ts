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
import { EMPTY_GROUP, type GroupState } from "../../src/core/group/group.ts";
import { NO_STORM, type StormState } from "../../src/core/group/storm.ts";
import type { AlertEvent } from "../../src/core/history/event.ts";
import { flappingUntil } from "../../src/core/history/flapping.ts";
import type { TraceStep } from "../../src/core/history/trace.ts";
import type { Context } from "../../src/core/pipeline/context.ts";
import { flushGroup } from "../../src/core/pipeline/flush.ts";
import { brief, catchUp, joinGroup } from "../../src/core/pipeline/join.ts";
import { type Decision, type GroupJoin, type GroupMember, process } from "../../src/core/pipeline/process.ts";
import { onlyUntold } from "../../src/core/pipeline/reroute.ts";
import { admitToStorm, leaveToStorm } from "../../src/core/pipeline/storm.ts";
import type { GroupInfo } from "../../src/core/pipeline/tell.ts";
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
  readonly info: GroupInfo | null;
  readonly state: GroupState;
  readonly members: ReadonlyMap<string, GroupMember>;
  readonly holds: ReadonlyMap<string, string>;
  readonly storm: StormState;
}
const NOBODY: Group = { info: null, state: EMPTY_GROUP, members: new Map(), holds: new Map(), storm: NO_STORM };

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
  readonly #events = new Map<string, AlertEvent[]>();
  /** Targets by fingerprint and sequence of the event they were told of by itself. */
  readonly #told = new Map<string, Set<string>>();
  /** By event. */
  readonly #traces = new Map<string, readonly TraceStep[]>();
  readonly #silences: Silence[] = [];
  #config: RoutingConfig;
  #targets: ReturnType<typeof target>[];
  readonly #pagers: ReadonlySet<string>;
  #compiled: { readonly of: readonly unknown[]; readonly routing: ReturnType<typeof compileRouting> } | null = null;

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
      this.#flush(due[0], due[1]);
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

  /** Another configuration is put in force. */
  configure(at: string, config: RoutingConfig): this {
    this.until(at);
    this.#config = config;
    return this;
  }

  /** What fires is decided once more, as cron does after another configuration. */
  follow(at: string): this {
    this.until(at);
    const now = BEGIN + this.#now * 1000;
    for (const [id, { status, seq }] of this.#entries) {
      const event = this.#events.get(id)?.at(-1);
      if (status !== "firing" || event === undefined) continue;
      const trace = this.#traces.get(`${id}:${seq}`) ?? [];
      const { notifications, groups } = onlyUntold(process(event, null, this.#context(now)), trace);
      for (const { target, notification } of notifications) this.#tell(target, `${id}:${seq}`, notification);
      for (const join of groups) this.#join(join, now);
    }
    return this;
  }

  #note(id: string, trace: readonly TraceStep[]): void {
    this.#traces.set(id, [...(this.#traces.get(id) ?? []), ...trace]);
  }

  /** Everything in memory goes to disk and comes back, as in a restart. */
  restart(): this {
    for (const [key, { info, state, members, holds, storm }] of this.#groups) {
      const kept = JSON.parse(JSON.stringify({ info, state, members: [...members], holds: [...holds], storm }));
      this.#groups.set(key, { ...kept, members: new Map(kept.members), holds: new Map(kept.holds) });
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
    const earlier = this.#events.get(id) ?? [];
    const event: AlertEvent = {
      ...entry,
      kind: transition,
      previousStatus: earlier.at(-1)?.status ?? null,
      receivedAt: now,
      expired: false,
      receiptId: null,
      format: upstream === undefined ? "prometheus" : "alertmanager",
      upstream: upstream === undefined ? null : { groupKey: upstream, receiver: "hook", externalURL: "" },
      sourceFingerprint: null,
    };
    const context = this.#context(now);
    const decision = this.#storms(process(event, null, context), context);
    this.#events.set(id, [...earlier, event]);
    this.#note(`${id}:${event.seq}`, decision.trace);
    for (const direct of decision.notifications) {
      this.#tell(direct.target, `${id}:${event.seq}`, direct.notification);
    }
    for (const join of decision.groups) this.#join(join, now);
    return this;
  }

  #storms(decision: Decision, { storm, now }: Context): Decision {
    if (storm === null) return decision;
    const taken = decision.storms.filter(({ join }) => {
      const group = this.#groups.get(join.subject) ?? NOBODY;
      const admitted = admitToStorm(group.storm, group.members, [join], now, storm);
      this.#groups.set(join.subject, { ...group, storm: admitted.state });
      if (admitted.taken[0] === true) this.#join(join, now);
      return admitted.taken[0] === true;
    });
    return leaveToStorm(decision, taken, storm, now);
  }

  #join(join: GroupJoin, now: number): void {
    const group = this.#groups.get(join.subject) ?? NOBODY;
    const joined = joinGroup(group, [join], now);
    if (joined === null) return;
    const news = joined.news.map((member) => [member.fingerprint, member] as const);
    this.#groups.set(join.subject, { ...group, ...joined, members: new Map([...group.members, ...news]) });
  }

  #context(now: number): Context {
    if (this.#compiled === null || this.#compiled.of[0] !== this.#config || this.#compiled.of[1] !== this.#targets) {
      const known = new Set(this.#targets.map((state) => state.target.name));
      const routing = compileRouting(this.#config, known, [...known]);
      this.#compiled = { of: [this.#config, this.#targets], routing };
    }
    const { routing } = this.#compiled;
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
      storm: this.#config.storm,
      flappingUntil: ({ fingerprint: id, kind, receivedAt }) => {
        const options = this.#config.flapping;
        const changes = (this.#events.get(id) ?? []).filter((event) => event.previousStatus !== null);
        const earlier = changes.map((event) => event.receivedAt).toReversed();
        return options === null || kind === "new" ? null : flappingUntil(receivedAt, earlier, options);
      },
      toldTargets: (id) => [...(this.#told.get(`${id}:${this.#entries.get(id)?.episodeSeq}`) ?? [])],
    });
  }

  #flush(subject: string, group: Group): void {
    const now = BEGIN + this.#now * 1000;
    const ends = [...group.members.values()].flatMap(({ fingerprint: id, seq }) => {
      const end = (this.#events.get(id) ?? []).find((event) => event.seq > seq);
      return end === undefined ? [] : [[id, end] as const];
    });
    const members = catchUp(group.members, new Map(ends), now);
    if (group.info === null) return;
    const before = { ...group.state, members: [...members.values()].map(brief) };
    const isPager = (name: string): boolean => this.#pagers.has(name);
    const result = flushGroup(group.info, before, members, group.holds, isPager, this.#context(now));
    const left = new Set(result.state.members.map(({ fingerprint: id }) => id));
    this.#groups.set(subject, {
      ...group,
      info: result.info,
      state: result.state,
      holds: result.holds,
      members: new Map([...members].filter(([id]) => left.has(id))),
    });
    for (const { fingerprint: id, seq, step } of result.steps) this.#note(`${id}:${seq}`, [step]);
    for (const { target: name, item } of result.notifications) {
      this.#tell(name, `${item.subject}:${item.seq}${item.replay ? `:r${item.replay}` : ""}`, item.notification);
    }
  }

  /** A notification has an id: a target that was told it takes it once. */
  #tell(name: string, id: string, notification: Notification): void {
    const told = this.#told.get(id) ?? new Set();
    this.#told.set(id, told);
    if (told.has(name)) return;
    told.add(name);
    this.#hear(name, notification);
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
