/** Files of the state directory: written whole or not at all, and for their owner only. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The checkout this runs from. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const makeStateDir = (stateDir: string): void => {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
};

/** A crash leaves the old file or the new one, never half of one. */
export const writePrivately = (file: string, text: string): void => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};
