/** Receivers on loopback, told apart by their path; what each answers may change while it runs. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Receivers {
  readonly url: (name: string) => string;
  /** The status that a path answers from now on; 200 where none was set. */
  readonly answer: (name: string, status: number) => void;
  /** How many notifications a path has taken with a good answer. */
  readonly taken: (name: string) => number;
  readonly close: () => void;
}

export const startReceivers = async (): Promise<Receivers> => {
  const statuses = new Map<string, number>();
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? "";
    const status = statuses.get(name) ?? 200;
    request.resume().on("end", () => {
      if (status < 300 && request.method === "POST") counts.set(name, (counts.get(name) ?? 0) + 1);
      response.writeHead(status, { "content-type": "text/plain" }).end(status < 300 ? "ok" : "no such channel");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    answer: (name, status) => void statuses.set(name, status),
    taken: (name) => counts.get(name) ?? 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
