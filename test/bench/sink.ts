/** A receiver of notifications: notes when each alert came, or takes requests and never answers. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Sink {
  /** `/hang` below it never answers. */
  readonly url: string;
  /** When each pod's alert arrived, by path and pod: the part of a notification that is unique here. */
  readonly arrivals: ReadonlyMap<string, number>;
  readonly close: () => void;
}

export const startSink = async (): Promise<Sink> => {
  const arrivals = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (path.startsWith("/hang")) return;
      const at = performance.now();
      response.writeHead(200, { "content-length": "2" }).end("ok");
      const { alerts = [] } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
        alerts?: { labels: { pod?: string }; status: string }[];
      };
      for (const { labels, status } of alerts) arrivals.set(`${path} ${labels.pod} ${status}`, at);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    arrivals,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
