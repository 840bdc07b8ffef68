/** A receiver that outlives the runs under test: it knows each notification by its key and notes every arrival. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod";

export interface Arrival {
  readonly key: string;
  readonly fingerprints: readonly string[];
  /** Those of them that have ended; of a group some may. */
  readonly ended: readonly string[];
  readonly status: string;
  /** In which run of the service it came. */
  readonly run: number;
}

const Body = z.object({
  status: z.string(),
  alerts: z.array(z.object({ fingerprint: z.string(), status: z.string() })).min(1),
});

export interface Receiver {
  readonly url: string;
  /** In the order they came. */
  readonly arrivals: readonly Arrival[];
  /** What could not be read as a notification. */
  readonly unreadable: readonly string[];
  /** A new run of the service begins; with `hold` nothing is answered until `release`. Each arrival is called out. */
  readonly beginRun: (hold: boolean, onArrival: () => void) => void;
  /** Drops what was held, unanswered. */
  readonly release: () => void;
  readonly close: () => void;
}

export const startReceiver = async (): Promise<Receiver> => {
  const arrivals: Arrival[] = [];
  const unreadable: string[] = [];
  const held: ServerResponse[] = [];
  const state = { run: 0, hold: false, onArrival: (): void => {} };

  const note = (key: string | string[] | undefined, text: string): void => {
    const body = Body.safeParse(JSON.parse(text));
    if (!body.success || typeof key !== "string") {
      unreadable.push(text.slice(0, 500));
      return;
    }
    const fingerprints = body.data.alerts.map((alert) => alert.fingerprint);
    const ended = body.data.alerts.filter((alert) => alert.status === "resolved").map((alert) => alert.fingerprint);
    arrivals.push({ key, fingerprints, ended, status: body.data.status, run: state.run });
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A request that was cut off never ends: it has not arrived.
    request.on("end", () => {
      // A probe of the target's health tells nothing.
      if (request.method === "HEAD") {
        response.writeHead(200).end();
        return;
      }
      note(request.headers["x-notification-id"], Buffer.concat(chunks).toString("utf8"));
      if (state.hold) held.push(response);
      else response.writeHead(200).end("ok");
      state.onArrival();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    arrivals,
    unreadable,
    beginRun: (hold, onArrival) => Object.assign(state, { run: state.run + 1, hold, onArrival }),
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
