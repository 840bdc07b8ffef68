/**
 * A stand-in for a provider: it answers as the real one does and refuses what the real one refuses. Pure functions of a
 * request and the provider's own state, so that Node servers and tests in workerd use the same rules.
 */

export interface SinkRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SinkAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Provider {
  readonly name: string;
  readonly handle: (request: SinkRequest) => SinkAnswer;
}

export interface Exchange {
  readonly request: SinkRequest;
  readonly answer: SinkAnswer;
}

export interface Sink<P extends Provider = Provider> {
  readonly provider: P;
  /** Everything that came, oldest first. */
  readonly exchanges: readonly Exchange[];
  readonly handle: (request: SinkRequest) => SinkAnswer;
  /** The next `times` requests get this answer instead of the provider's, which does not see them. */
  readonly answerNext: (answer: Partial<SinkAnswer> & { readonly status: number }, times?: number) => void;
  /** Forgets the exchanges and the forced answers, not the provider's state. */
  readonly clear: () => void;
}

export const createSink = <P extends Provider>(provider: P): Sink<P> => {
  const exchanges: Exchange[] = [];
  const forced: SinkAnswer[] = [];
  return {
    provider,
    exchanges,
    handle: (request) => {
      const answer = forced.shift() ?? provider.handle(request);
      exchanges.push({ request, answer });
      return answer;
    },
    answerNext: (answer, times = 1) => {
      for (let left = times; left > 0; left--) forced.push({ headers: {}, body: "", ...answer });
    },
    clear: () => {
      exchanges.length = 0;
      forced.length = 0;
    },
  };
};

export const jsonAnswer = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): SinkAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

export const textAnswer = (status: number, body: string): SinkAnswer => ({
  status,
  headers: { "content-type": "text/plain" },
  body,
});

export const pathOf = (request: SinkRequest): string => request.url.split("?")[0] ?? "";

export const queryOf = (request: SinkRequest): ReadonlyMap<string, string> =>
  new Map(
    (request.url.split("?")[1] ?? "")
      .split("&")
      .filter(Boolean)
      .map((pair) => {
        const [name = "", value = ""] = pair.split("=");
        return [name, decodeURIComponent(value)] as const;
      }),
  );
