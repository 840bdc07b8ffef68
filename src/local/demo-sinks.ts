/** Who is told in the demo: receivers on loopback that answer as the real ones do, some of them badly. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST } from "./ports.ts";

export interface DemoSinks {
  /** Where a receiver listens, by the target's name. */
  readonly of: (name: string) => string;
  /** From here on nobody listens at the display on the wall, and the archive is not where it was. */
  readonly breakSome: () => void;
  readonly close: () => void;
}

/** Every so often a chat is overloaded. */
const BUSY_EVERY = 40;

const listen = async (answer: RequestListener): Promise<{ readonly server: Server; readonly port: number }> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return { server, port: (server.address() as AddressInfo).port };
};

const dedupKeyOf = (text: string): string => {
  try {
    return String((JSON.parse(text) as { dedup_key?: unknown }).dedup_key ?? "");
  } catch {
    // A probe sends no JSON.
    return "";
  }
};

export const startSinks = async (): Promise<DemoSinks> => {
  let told = 0;
  let broken = false;
  const main = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const name = request.url?.slice(1) ?? "";
      told += 1;
      if (name === "on-call-pager") {
        response.writeHead(202, { "content-type": "application/json" });
        response.end(JSON.stringify({ status: "success", message: "Event processed", dedup_key: dedupKeyOf(text) }));
      } else if (broken && name === "data-archive" && request.method === "POST") {
        response.writeHead(404).end("no such bucket: alerts-2025");
      } else if (name.endsWith("-chat") && told % BUSY_EVERY === 0) {
        response.writeHead(503).end("try again later");
      } else response.writeHead(200, { "content-type": "text/plain" }).end("ok");
    });
  });
  const wall = await listen((request, response) => {
    request.resume().on("end", () => response.writeHead(200).end("ok"));
  });
  const end = ({ server }: typeof main): void => {
    server.close();
    server.closeAllConnections();
  };
  return {
    of: (name) => `http://${HOST}:${(name === "wall-display" ? wall : main).port}/${name}`,
    breakSome: () => {
      broken = true;
      end(wall);
    },
    close: () => {
      end(main);
      if (!broken) end(wall);
    },
  };
};
