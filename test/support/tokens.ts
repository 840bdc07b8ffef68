/** Tokens as `/api/v1/tokens` gives them out. */
import { exports } from "cloudflare:workers";
import { post } from "./api.ts";

/** What somebody reads who may do nothing else. */
export const readerOf = async (name: string) => {
  const created = await post("/api/v1/tokens", { name, scopes: ["read"] });
  const { token } = created.json as unknown as { token: string };
  return async (path: string): Promise<unknown> =>
    (
      await exports.default.fetch(
        new Request(`https://alerts.test${path}`, { headers: { authorization: `Bearer ${token}` } }),
      )
    ).json();
};

/** A sender whose token names a source. */
export const senderOf = async (source: string) => {
  const created = await post("/api/v1/tokens", { name: `sender-${source}`, scopes: ["ingest"], source });
  const { token } = created.json as unknown as { token: string };
  return async (body: unknown, path = "/webhook") => {
    const response = await exports.default.fetch(
      new Request(`https://alerts.test${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      }),
    );
    const text = await response.text();
    return { status: response.status, json: text === "" ? {} : JSON.parse(text) };
  };
};
