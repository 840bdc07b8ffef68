/** Hosts a sink on loopback, on a port of the system's choice. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSink, type Provider, type Sink } from "./sink.ts";

export interface SinkServer<P extends Provider> {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly sink: Sink<P>;
  readonly close: () => Promise<void>;
}

export const startSink = async <P extends Provider>(provider: P): Promise<SinkServer<P>> => {
  const sink = createSink(provider);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
      const answer = sink.handle({
        method: request.method ?? "",
        url: request.url ?? "",
        headers: Object.fromEntries(headers),
        body: Buffer.concat(chunks).toString("utf8"),
      });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    sink,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
};
