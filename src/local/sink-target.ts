/** Makes the local sink a target of the Worker, and keeps its port from run to run where it can. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "./api.ts";
import { writePrivately } from "./files.ts";
import { type Sink, startSink } from "./sink.ts";

export const SINK_TARGET = "local-sink";

const portFile = (stateDir: string): string => join(stateDir, "sink-port");

const lastPort = (stateDir: string): number => {
  try {
    return Number(readFileSync(portFile(stateDir), "utf8")) || 0;
  } catch {
    return 0;
  }
};

/** Listens where it is told to, else where it did last time, else anywhere; null: the port it was told is in use. */
export const openSink = async (
  stateDir: string,
  wanted: number | null,
  print: (line: string) => void,
): Promise<Sink | null> => {
  const sink =
    wanted === null
      ? ((await startSink(lastPort(stateDir), print)) ?? (await startSink(0, print)))
      : await startSink(wanted, print);
  if (sink !== null) writePrivately(portFile(stateDir), String(sink.port));
  return sink;
};

/** Defines the target, unless it is there already and leads to this sink: what an operator changed in it is kept. */
export const registerSink = async (api: Api, sink: Sink): Promise<void> => {
  const known = (await api.listTargets()).find((target) => target.name === SINK_TARGET);
  if (known?.url.startsWith(sink.url)) return;
  await api.putTarget({
    name: SINK_TARGET,
    type: "webhook",
    url: sink.url,
    description: "Prints each notification in the terminal of npm start",
  });
};
