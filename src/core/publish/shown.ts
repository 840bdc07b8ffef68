/** A request as it may be shown and kept: whole, but for what would give its target away. */
import type { Target } from "../route/target.ts";
import type { FormatRequest } from "./format.ts";
import { redact, secretsOf } from "./redact.ts";

export interface ShownRequest {
  readonly method: string;
  /** Scheme and host: the rest of a URL may be its secret. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The sender added a signature to it. */
  readonly signed: boolean;
}

const SECRET_NAME = /authorization|token|key|secret|signature|cookie/i;
const HOST = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]+)/i;

export const showRequest = (request: FormatRequest, target: Target): ShownRequest => {
  const secrets = secretsOf(target);
  const [, scheme, host] = HOST.exec(request.url) ?? [];
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    SECRET_NAME.test(name) ? "***" : redact(value, secrets),
  ]);
  return {
    method: request.method,
    url: host === undefined ? "***" : `${scheme}${host}/***`,
    headers: Object.fromEntries(headers),
    body: redact(request.body, secrets),
    signed: request.signWith !== undefined && request.signWith.length > 0,
  };
};
