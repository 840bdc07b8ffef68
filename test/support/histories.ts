/** Random histories of alerts for a target object, and a receiver whose answers fail as networks do. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import type { PendingNotification } from "../../src/core/messages.ts";
import { itemFor, stubOf } from "./delivery.ts";
import type { Received } from "./outside.ts";

/** A number in 0..1 that depends on the seed alone. */
export type Random = () => number;
export const randomOf = (seed: number): Random => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};
const below = (random: Random, n: number): number => Math.floor(random() * n);

export interface History {
  readonly subject: string;
  /** What the alert was at sequence 1, 2, … */
  readonly statuses: readonly ("firing" | "resolved")[];
  /** The sequences in the order their bells come, some more than once. */
  readonly bells: number[];
  readonly items: Map<number, PendingNotification>;
}

const MAX_TRANSITIONS = 6;

export const historyOf = (random: Random, index: number): History => {
  const statuses: ("firing" | "resolved")[] = [random() < 0.9 ? "firing" : "resolved"];
  const length = 1 + below(random, MAX_TRANSITIONS);
  while (statuses.length < length) {
    const last = statuses.at(-1)!;
    statuses.push(random() < 0.8 ? (last === "firing" ? "resolved" : "firing") : last);
  }
  // A queue keeps no order and repeats itself; a shard rings for the next change once D1 has the one before.
  const bells = statuses.flatMap((_, i) => (random() < 0.3 ? [i + 1, i + 1] : [i + 1]));
  for (let i = bells.length - 1; i > 0; i--) {
    if (random() < 0.3) bells.splice(i - 1, 2, bells[i]!, bells[i - 1]!);
  }
  const subject = (index + 1).toString(16).padStart(16, "0");
  return { subject, statuses, bells, items: new Map() };
};

export const itemOf = (target: string, history: History, seq: number): PendingNotification => {
  const { subject, statuses, items } = history;
  const known = items.get(seq);
  if (known !== undefined) return known;
  // Critical: a pager is told each of these by itself, however many wait.
  const item = itemFor(target, { subject, seq, status: statuses[seq - 1]!, severity: "critical" });
  items.set(seq, item);
  return item;
};

/** How a receiver fails: `lost` took the request and nobody hears so, `crash` lets the object die before it can. */
export type Fate = "takes" | "limits" | "fails" | "lost" | "cut" | "crash";
const FATES: readonly (readonly [Fate, number])[] = [
  ["limits", 0.06],
  ["fails", 0.06],
  ["lost", 0.05],
  ["cut", 0.03],
  ["crash", 0.005],
];

export const fateOf = (random: Random): Fate => {
  let at = random();
  for (const [fate, share] of FATES) {
    if (at < share) return fate;
    at -= share;
  }
  return "takes";
};

/** Answers as the fate says; `take` is the receiver itself. `onCrash` is called when the object is to die now. */
export const answerAs = async (
  fate: Fate,
  random: Random,
  request: Received,
  take: (request: Received) => Response,
  onCrash: () => void,
): Promise<Response> => {
  const forms = [String(below(random, 8)), new Date(Date.now() + below(random, 9_000)).toUTCString(), "soon", ""];
  if (fate === "limits") return new Response("", { status: 429, headers: { "retry-after": forms[below(random, 4)]! } });
  if (fate === "fails") return new Response("", { status: [408, 425, 500, 503][below(random, 4)]! });
  if (fate === "cut") return Response.error();
  const taken = take(request);
  if (fate === "lost") return new Response("", { status: 504 });
  if (fate === "crash") {
    onCrash();
    // Long enough for the object to be gone before its answer comes.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return taken;
};

const TICK_MS = 2;
/** Looks at an object that owes and does nothing: what died with its memory is paid by its alarm. */
const MAX_OWING = 25;

/** A target object under random treatment: moved on from alarm to alarm, and killed when its receiver says so. */
export class Treated {
  readonly name: string;
  crashes = 0;
  #dies = false;

  constructor(name: string) {
    this.name = name;
  }

  readonly die = (): void => {
    this.#dies = true;
  };

  async accept(items: readonly PendingNotification[]): Promise<void> {
    for (let from = 0; from < items.length; from += 200) {
      // A call that meets the object's death is repeated, as the queue does.
      while (!(await this.#call(() => stubOf(this.name).accept(items.slice(from, from + 200)))));
    }
    await this.calm();
  }

  /** Waits until nothing moves; answers when the next alarm is due. */
  async calm(): Promise<number | null> {
    let owing = 0;
    for (let calm = 0; ; ) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      if (this.#dies) {
        await this.kill();
        calm = 0;
      }
      const status = await stubOf(this.name)
        .status()
        .catch(() => null);
      const { inFlight = 1, ready = 1, owes = true } = status ?? {};
      const rests = inFlight === 0 && ready === 0;
      owing = rests && owes ? owing + 1 : 0;
      calm = rests && (!owes || owing > MAX_OWING) ? calm + 1 : 0;
      if (calm === 2) return status?.alarmAt ?? null;
    }
  }

  async advance(until: number, everyMs: number): Promise<void> {
    for (;;) {
      const alarmAt = await this.calm();
      if (alarmAt === null || alarmAt > until) break;
      vi.setSystemTime(Math.min(until, Math.max(alarmAt, Date.now() + everyMs)));
      await this.#call(() => runDurableObjectAlarm(stubOf(this.name)));
    }
    vi.setSystemTime(Math.max(until, Date.now()));
  }

  async kill(): Promise<void> {
    this.#dies = false;
    this.crashes += 1;
    await this.#call(() => runInDurableObject(stubOf(this.name), (_, state) => state.abort("killed by the test")));
  }

  async evict(): Promise<void> {
    await this.calm();
    await evictDurableObject(stubOf(this.name));
  }

  async #call(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch {
      // The object died under the call, which is what these tests are about.
      return false;
    }
  }
}
