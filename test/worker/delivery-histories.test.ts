/**
 * Random histories through real target objects: bells out of order and repeated, answers that fail, get lost or limit the
 * rate, objects that are evicted and killed in the middle. What counts is what the receiver took. `HISTORIES=10000 vitest
 * run … test/worker/delivery-histories.test.ts` is the long form.
 */
import { afterEach, expect, inject, test, vi } from "vitest";
import { addTarget, answerBy, START, startClock, stubOf } from "../support/delivery.ts";
import {
  answerAs,
  type Fate,
  fateOf,
  type History,
  historyOf,
  itemOf,
  type Random,
  randomOf,
  Treated,
} from "../support/histories.ts";
import { type Received, type Receiver, receiver, watchOutside } from "../support/outside.ts";
import { createPagerDuty } from "../support/sinks/pagerduty.ts";
import { createSink } from "../support/sinks/sink.ts";

watchOutside();
afterEach(() => vi.useRealTimers());

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KEY = "0123456789abcdef0123456789abcdef";
const HISTORIES = inject("histories");
/** More at one target would only wait for its pace. */
const PER_TARGET = 500;
/** The first bell of an alert is younger; a shard rings again after this. */
const AGAIN_MS = 15 * SECOND;

/** One request that the receiver took. */
interface Taken {
  readonly subject: string;
  readonly status: "firing" | "resolved";
  /** null where the format does not say it: PagerDuty's resolve is a key and nothing more. */
  readonly seq: number | null;
  /** Whether the object may know of it: not where the answer got lost, and not after it died. */
  readonly fate: Fate;
  readonly life: number;
}

type Read = (request: Received) => Omit<Taken, "fate" | "life">;

/** Treats a target badly for as long as there are bells, then well until nothing waits. Answers what was taken. */
const treat = async (
  target: Treated,
  host: Receiver,
  random: Random,
  histories: readonly History[],
  take: (request: Received) => Response,
  read: Read,
): Promise<Taken[]> => {
  const taken: Taken[] = [];
  let calmly = false;
  host.answer = (request) => {
    const fate = calmly ? "takes" : fateOf(random);
    const note = (): Response => {
      taken.push({ ...read(request), fate, life: target.crashes });
      return take(request);
    };
    return answerAs(fate, random, request, note, target.die);
  };
  const left = histories.map((history) => [...history.bells]);
  while (left.some((bells) => bells.length > 0)) {
    const ring = histories.flatMap((history, i) =>
      random() < 0.6
        ? []
        : left[i]!.splice(0, 1 + Math.floor(random() * 2)).map((seq) => itemOf(target.name, history, seq)),
    );
    const { crashes } = target;
    await target.accept(ring);
    await target.advance(Date.now() + (random() < 0.1 ? 2 * MINUTE : 20 * SECOND), 6 * SECOND);
    if (random() < 0.1) await target.evict();
    if (random() < 0.1) await target.kill();
    if (target.crashes === crashes) continue;
    // What D1 does not know as told comes again: by the shard, which does not know better, or by the sweep.
    vi.setSystemTime(Date.now() + AGAIN_MS);
    await target.accept(histories.flatMap(({ items }) => [...items.values()].filter(() => random() < 0.7)));
  }
  calmly = true;
  vi.setSystemTime(Date.now() + 2 * MINUTE);
  await target.accept(histories.flatMap(({ items }) => [...items.values()]));
  await target.advance(Date.now() + 24 * 60 * MINUTE, 6 * SECOND);
  expect((await stubOf(target.name).status()).waiting).toEqual({ high: 0, medium: 0, low: 0 });
  return taken;
};

/** What must hold for everything that was taken of one alert, in its order. */
const problemOf = ({ statuses }: History, told: readonly Taken[]): string | null => {
  let ended = 0;
  for (const [i, { status, seq, life }] of told.entries()) {
    // Where it is not said which end it was: the first there can have been.
    if (status === "resolved") ended = seq ?? Math.max(ended, statuses.indexOf("resolved") + 1);
    else if (seq !== null && seq <= ended) return "a firing after its own resolve";
    const before = told.slice(0, i).find((one) => seq !== null && one.seq === seq);
    if (before?.fate === "takes" && before.life === life) return "told twice although the first was heard of";
  }
  const last = told.at(-1)?.status ?? "resolved";
  return last === statuses.at(-1) ? null : `at last told as ${last}`;
};

interface Kind {
  readonly definition: (name: string) => Record<string, unknown>;
  readonly read: Read;
  /** The receiver, and what is wrong with its own books at the end. */
  readonly create: () => { take: (request: Received) => Response; problemOf: (history: History) => string | null };
}

const episodesOf = ({ statuses }: History): number =>
  statuses.filter((status, i) => status === "firing" && statuses[i - 1] !== "firing").length;

const pagerduty: Kind = {
  definition: (name) => ({ type: "pagerduty", url: `https://${name}.example.com/v2/enqueue`, routing_key: KEY }),
  read: ({ body }) => {
    const event = JSON.parse(body) as {
      dedup_key: string;
      event_action: string;
      payload?: { custom_details: { annotations: { summary: string } } };
    };
    const summary = event.payload?.custom_details.annotations.summary;
    return {
      subject: event.dedup_key,
      status: event.event_action === "trigger" ? "firing" : "resolved",
      seq: summary === undefined ? null : Number(summary.split(" ")[1]),
    };
  },
  create: () => {
    const provider = createPagerDuty([KEY]);
    return {
      take: answerBy(createSink(provider)),
      problemOf: (history) => {
        const own = provider.incidents.filter(({ dedupKey }) => dedupKey === history.subject);
        if (own.length > episodesOf(history)) return `${own.length} incidents for ${episodesOf(history)} episodes`;
        const open = own.filter(({ resolved }) => !resolved).length;
        return open === (history.statuses.at(-1) === "firing" ? 1 : 0) ? null : `${open} incidents are open`;
      },
    };
  },
};

const webhook: Kind = {
  definition: (name) => ({ type: "webhook", url: `https://${name}.example.com/in` }),
  read: ({ body }) => {
    const { notification_id: id, alerts } = JSON.parse(body) as {
      notification_id: string;
      alerts: { status: "firing" | "resolved" }[];
    };
    const [subject = "", seq] = id.split(":");
    return { subject, seq: Number(seq), status: alerts[0]!.status };
  },
  create: () => ({ take: () => new Response(""), problemOf: () => null }),
};

test.each([
  ["PagerDuty", pagerduty],
  ["a signed receiver", webhook],
] as const)(
  "%s: nothing after its own resolve, nothing twice without need, the last word is the true one",
  {
    timeout: 3_600_000,
  },
  async (title, { definition, read, create }) => {
    const problems: string[] = [];
    let crashes = 0;
    for (let from = 0; from < HISTORIES; from += PER_TARGET) {
      startClock(START + from * 60 * MINUTE);
      const random = randomOf(from + 1);
      const name = `histories-${title.split(" ").at(-1)!.toLowerCase()}-${from}`;
      const target = new Treated(name);
      const { take, problemOf: problemThere } = create();
      await addTarget({ name, ...definition(name) });
      const histories = Array.from({ length: Math.min(PER_TARGET, HISTORIES - from) }, (_, i) =>
        historyOf(random, from + i),
      );
      const taken = await treat(target, receiver(`${name}.example.com`), random, histories, take, read);
      const bySubject = Map.groupBy(taken, ({ subject }) => subject);
      for (const history of histories) {
        const told = bySubject.get(history.subject) ?? [];
        const problem = problemOf(history, told) ?? problemThere(history);
        if (problem !== null)
          problems.push(`${problem}: ${history.statuses} by ${history.bells}: ${JSON.stringify(told)}`);
      }
      crashes += target.crashes;
    }
    expect(problems.slice(0, 3)).toEqual([]);
    expect(crashes).toBeGreaterThan(0);
  },
);
