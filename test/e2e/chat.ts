/** A chat that outlives the runs under test: it takes what Slack takes, knows no keys, and notes what it was told. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createSlackWebhook } from "../support/sinks/slack.ts";

export interface Message {
  /** Name of the alert. */
  readonly about: string;
  /** `missed`: one message for an alert that came and went unheard. */
  readonly told: "firing" | "resolved" | "missed";
  /** In which run of the service it came. */
  readonly run: number;
}

export interface Chat {
  readonly url: string;
  /** In the order they came. */
  readonly messages: readonly Message[];
  /** What Slack would have refused. */
  readonly refused: readonly string[];
  /** A new run of the service begins; with `hold` nothing is answered until `release`. */
  readonly beginRun: (hold: boolean) => void;
  /** Drops what was held, unanswered. */
  readonly release: () => void;
  readonly close: () => void;
}

const PATH = "/services/T0/B0/crash";
const TEXT = /^Alert: (\S+) (firing|resolved|fired and resolved while unreachable)$/;

export const startChat = async (): Promise<Chat> => {
  const slack = createSlackWebhook(PATH);
  const messages: Message[] = [];
  const refused: string[] = [];
  const held: ServerResponse[] = [];
  const state = { run: 0, hold: false };

  const take = (body: string): number => {
    const answer = slack.handle({ method: "POST", url: PATH, headers: {}, body });
    const text = (JSON.parse(body) as { text?: string }).text ?? "";
    const [, about, told] = TEXT.exec(text) ?? [];
    if (answer.status !== 200 || about === undefined || told === undefined) refused.push(`${answer.body} ${text}`);
    else messages.push({ about, told: told === "firing" || told === "resolved" ? told : "missed", run: state.run });
    return answer.status;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A request that was cut off never ends: it has not arrived.
    request.on("end", () => {
      // A probe of the target's health tells nothing.
      if (request.method !== "POST") {
        response.writeHead(200).end();
        return;
      }
      const status = take(Buffer.concat(chunks).toString("utf8"));
      if (state.hold) held.push(response);
      else response.writeHead(status).end("ok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    messages,
    refused,
    beginRun: (hold) => Object.assign(state, { run: state.run + 1, hold }),
    release: () => {
      state.hold = false;
      for (const response of held.splice(0)) response.destroy();
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

/**
 * What is wrong with what the chat was told of these alerts, which have all ended. A repeat is allowed where a kill fell
 * between sending and recording: at most one per kill, and never within one run. Of those that ended before their
 * beginning was told (`cameAndWent`, by the history) only a beginning without an end is wrong.
 */
export const chatProblems = (
  chat: Chat,
  alerts: readonly string[],
  cameAndWent: ReadonlySet<string>,
): { readonly problems: string[]; readonly repeats: number } => {
  const problems: string[] = [];
  let repeats = 0;
  const byKill = new Map<number, number>();
  for (const about of alerts) {
    const own = chat.messages.filter((message) => message.about === about);
    const has = (told: Message["told"]): boolean => own.some((message) => message.told === told);
    const isWhole = has("missed") || (has("firing") && has("resolved"));
    if (!isWhole && (has("firing") || !cameAndWent.has(about)))
      problems.push(`${about}: its end or beginning is missing`);
    const end = own.findIndex(({ told }) => told !== "firing");
    if (end >= 0 && own.slice(end).some(({ told }) => told === "firing"))
      problems.push(`${about}: firing after its end`);
    for (const list of Map.groupBy(own, ({ told }) => told).values()) {
      repeats += list.length - 1;
      if (new Set(list.map(({ run }) => run)).size < list.length) problems.push(`${about}: twice in one run`);
      // The kill at the end of a run kept this copy from being recorded.
      for (const { run } of list.slice(0, -1)) byKill.set(run, (byKill.get(run) ?? 0) + 1);
    }
  }
  for (const [kill, n] of byKill) if (n > 1) problems.push(`${n} repeats because of kill ${kill}`);
  return { problems, repeats };
};
