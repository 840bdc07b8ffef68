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
}

const DEFAULT_PORT = 8787;

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
  });
};
