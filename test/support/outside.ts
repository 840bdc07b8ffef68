/** The network outside the Worker, as seen from inside workerd: a request nobody expects is an error. */
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, beforeAll } from "vitest";

export interface Received {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A receiver on a host of its own that keeps what it got; `answer` may be changed at any time. */
export interface Receiver {
  readonly host: string;
  readonly received: Received[];
  answer: (request: Received) => Response | Promise<Response>;
}

const server = setupServer();

/** Call once at the top of a test file. */
export const watchOutside = (): void => {
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  afterAll(() => server.close());
};

export const receiver = (host: string): Receiver => {
  const self: Receiver = { host, received: [], answer: () => HttpResponse.json({}) };
  server.use(
    http.all(`https://${host}/*`, async ({ request }) => {
      const { url, method } = request;
      const got = { url, method, headers: Object.fromEntries(request.headers), body: await request.text() };
      self.received.push(got);
      return self.answer(got);
    }),
  );
  return self;
};
