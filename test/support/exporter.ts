/** An exporter outside the Worker, as seen from inside workerd: what it would answer is set by the test. */
import { type Receiver, receiver } from "./outside.ts";

export interface Entry {
  readonly namespace?: string;
  readonly secret: string;
  readonly target?: Record<string, unknown>;
  readonly warnings?: string[];
}

export interface FakeExporter extends Receiver {
  /** Answers with this snapshot from now on, and 304 to its tag. */
  serve(entries: readonly Entry[], more?: Record<string, unknown>): void;
  /** Requests that asked for a change only. */
  conditional(): number;
}

/** Where nobody listens: what is not intercepted there, as a bare connection, is refused. */
export const HOOK = "127.0.0.1:1";

export const entry = (secret: string, target: Record<string, unknown> = {}, namespace = "alerts"): Entry => ({
  namespace,
  secret,
  target: { name: secret, type: "webhook", url: `https://${HOOK}/${secret}`, ...target },
});

let tags = 0;

export const exporter = (cluster: string): FakeExporter => {
  const self = receiver(`${cluster}.exporter.test`) as FakeExporter;
  self.serve = (entries, more = {}) => {
    const etag = `W/"${++tags}"`;
    const snapshot = {
      version: 1,
      cluster,
      generated_at: new Date().toISOString(),
      complete: true,
      namespaces: [{ name: "alerts", status: "ok" }],
      targets: entries.map(({ namespace = "alerts", secret, target = {}, warnings = [] }) => {
        return { namespace, secret, target, warnings };
      }),
      invalid: [],
      ...more,
    };
    self.answer = ({ headers }) =>
      headers["if-none-match"] === etag
        ? new Response(null, { status: 304, headers: { etag } })
        : Response.json(snapshot, { headers: { etag } });
  };
  self.conditional = () => self.received.filter(({ headers }) => headers["if-none-match"] !== undefined).length;
  self.serve([]);
  return self;
};

/** An answer of the cluster alpha, with these parts otherwise. */
export const snapshot = (over: Record<string, unknown>): Response =>
  Response.json({
    version: 1,
    cluster: "alpha",
    generated_at: "2026-01-01T00:00:00Z",
    complete: true,
    namespaces: [{ name: "alerts", status: "ok" }],
    targets: [],
    invalid: [],
    ...over,
  });
