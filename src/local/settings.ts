/** What the environment says about a local run, checked before anything is started. */
import { resolve } from "node:path";
import { err, ok, type Result } from "../core/result.ts";

export interface Settings {
  /** 0: any free one. */
  readonly port: number;
  readonly stateDir: string;
  /** null: the one of the last run, or any free one. */
  readonly sinkPort: number | null;
  /** null: made on the first run and kept in the state directory. */
  readonly adminToken: string | null;
  readonly ingestToken: string | null;
  /** Variables handed to the Worker as they are. */
  readonly passedOn: Readonly<Record<string, string>>;
}

const DEFAULT_PORT = 8787;

/** Variables of the Worker that a local run may set from outside; the others are decided here. */
export const PASSED_ON = [
  "ALERT_SHARDS",
  "ALLOW_HTTP_TARGETS",
  "API_TOKENS",
  "INGEST_PENDING",
  "LOG_LEVEL",
  "RESOLVE_TIMEOUT",
  "WEBHOOK_RESOLVE_TIMEOUT",
] as const;

/** Tokens travel in a header and in a shell line. */
const TOKEN = /^[\x21-\x7e]{1,512}$/;

const present = (value: string | undefined): string | null => (value === undefined || value === "" ? null : value);

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/** The settings, or a sentence that names the variable at fault. Never holds a token's value. */
export const readSettings = (
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Result<Settings, string> => {
  for (const name of ["PORT", "SINK_PORT"]) {
    const value = present(env[name]);
    if (value !== null && !isPort(value)) return err(`${name} must be a port from 0 to 65535, not "${value}"`);
  }
  for (const name of ["ADMIN_TOKEN", "INGEST_TOKEN"]) {
    const value = present(env[name]);
    if (value !== null && !TOKEN.test(value)) {
      return err(`${name} must be at most 512 printable ASCII characters without spaces`);
    }
  }
  const sinkPort = present(env.SINK_PORT);
  return ok({
    port: Number(present(env.PORT) ?? DEFAULT_PORT),
    stateDir: resolve(cwd, present(env.STATE_DIR) ?? ".state"),
    sinkPort: sinkPort === null ? null : Number(sinkPort),
    adminToken: present(env.ADMIN_TOKEN),
    ingestToken: present(env.INGEST_TOKEN),
    passedOn: Object.fromEntries(
      PASSED_ON.flatMap((name) => {
        const value = present(env[name]);
        return value === null ? [] : [[name, value]];
      }),
    ),
  });
};
