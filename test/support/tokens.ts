/** Tokens as `/api/v1/tokens` gives them out. */
import { exports } from "cloudflare:workers";
import { post } from "./api.ts";

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
