/** A small receiver on loopback: prints each notification as one line and shows the last ones at `GET /`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { HOST } from "./ports.ts";

/** Enough to scroll back through, little enough to keep in memory. */
const KEPT = 100;
const MAX_BODY_BYTES = 2_000_000;
const MAX_LINE_CHARS = 200;

export interface Kept {
  readonly at: string;
  readonly id: string | null;
  readonly body: unknown;
}

interface AlertFields {
  readonly status?: unknown;
  readonly name?: unknown;
  readonly labels?: Readonly<Record<string, unknown>>;
}

const fieldsOf = (body: unknown): { severity: unknown; alerts: readonly AlertFields[] } => {
  const record = (typeof body === "object" && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  return {
    severity: record.severity,
    alerts: Array.isArray(record.alerts) ? (record.alerts as AlertFields[]) : [],
  };
};

/** What a terminal may be shown of text from outside: control characters could move its cursor. */
const printable = (value: unknown): string => String(value).replace(/\p{Cc}/gu, " ");

const describeAlert = ({ status, name, labels = {} }: AlertFields): string => {
  const { alertname, severity, ...others } = labels;
  const pairs = Object.entries(others).map(([key, value]) => `${key}=${printable(value)}`);
  return `${printable(status ?? "").padEnd(8)} ${printable(name ?? alertname ?? "")} ${pairs.join(" ")}`.trimEnd();
};

/** One line for one notification: when, what it says, how severe, of which alerts. */
export const describe = (time: Date, body: unknown): string => {
  const { severity, alerts } = fieldsOf(body);
  const [first, ...more] = alerts;
  const what = first === undefined ? printable(JSON.stringify(body)) : describeAlert(first);
  const line = `${time.toTimeString().slice(0, 8)} ${printable(severity ?? "").padEnd(8)} ${what}`;
  return `${line.slice(0, MAX_LINE_CHARS)}${more.length > 0 ? ` and ${more.length} more` : ""}`;
};

const readBody = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export interface Sink {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

const listen = (server: Server, port: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(null);
      else reject(error);
    });
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });

/** Starts it on a port, 0 for any free one; null: the port is in use. */
export const startSink = async (port: number, print: (line: string) => void): Promise<Sink | null> => {
  const kept: Kept[] = [];
  let received = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "GET" || request.method === "HEAD") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ received, notifications: kept }, null, 2));
      return;
    }
    const text = await readBody(request);
    if (text === null) {
      response.writeHead(413).end();
      return;
    }
    const id = request.headers["x-notification-id"];
    const body = parse(text);
    const now = new Date();
    received += 1;
    kept.unshift({ at: now.toISOString(), id: typeof id === "string" ? id : null, body });
    kept.length = Math.min(kept.length, KEPT);
    print(describe(now, body));
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const bound = await listen(server, port);
  if (bound === null) return null;
  return {
    port: bound,
    url: `http://${HOST}:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
