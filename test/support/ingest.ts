/** What the tests of ingest share: a fixed time of arrival, and bodies read with it. */
import type { Alert } from "../../src/core/alert/alert.ts";
import { type Parsed, type ParseOptions, parseBody } from "../../src/core/ingest/parse.ts";

/** When every request of these tests arrives. */
export const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

export const OPTIONS: ParseOptions = {
  now: NOW,
  pending: "skip",
  resolveTimeoutSeconds: 300,
  webhookResolveTimeoutSeconds: 0,
};

/** The time `seconds` after NOW as senders write it. */
export const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();

/** A webhook body that is expected to hold something usable. */
export const parse = (body: unknown, options: Partial<ParseOptions> = {}): Parsed => {
  const parsed = parseBody(body, { ...OPTIONS, ...options });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

/** The one alert of a body. */
export const parseOne = (body: unknown, options: Partial<ParseOptions> = {}): Alert => {
  const { alerts, rejects } = parse(body, options);
  if (alerts.length !== 1 || rejects.length > 0) throw new Error(`${alerts.length} alerts, ${JSON.stringify(rejects)}`);
  return (alerts[0] as { alert: Alert }).alert;
};
