/** One run per state directory: two runtimes on one SQLite file would each trust their own memory. */
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../core/result.ts";
import { writePrivately } from "./files.ts";
import { isAlive, startOf, waitForGroup } from "./processes.ts";

/** What the lock file says of the run that holds it. */
export interface Holder {
  readonly pid: number;
  /** Tells the process from a later one with the same id. */
  readonly started: string;
  /** Process group of its runtime, once that was started. */
  readonly group: number | null;
}

/** How long the runtime of a run that was killed is given to end: its guard needs a moment to notice. */
const ORPHAN_GRACE_MS = 10_000;

export const lockFile = (stateDir: string): string => join(stateDir, "lock.json");

/** null: nobody holds it, or the file is unreadable and thus of nobody that lives. */
export const readLock = (stateDir: string): Holder | null => {
  try {
    return JSON.parse(readFileSync(lockFile(stateDir), "utf8")) as Holder;
  } catch {
    return null;
  }
};

export const isHeld = (holder: Holder): boolean =>
  isAlive(holder.pid) && (holder.started === "" || startOf(holder.pid) === holder.started);

const create = (stateDir: string): boolean => {
  const own = `${lockFile(stateDir)}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, started: startOf(process.pid), group: null }), { mode: 0o600 });
  try {
    // A link either takes the name whole or finds it taken: no reader ever sees half a lock.
    linkSync(own, lockFile(stateDir));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
};

/** Takes the lock, also from a run that was killed. The error is a sentence for whoever started this one. */
export const takeLock = async (stateDir: string): Promise<Result<Lock, string>> => {
  if (!create(stateDir)) {
    const holder = readLock(stateDir);
    if (holder !== null && isHeld(holder)) {
      return err(
        `${stateDir} is in use by a run with process id ${holder.pid}; stop it, or set STATE_DIR and PORT to run another beside it`,
      );
    }
    if (holder?.group != null && !(await waitForGroup(holder.group, ORPHAN_GRACE_MS))) {
      return err(`a run that was killed has left its runtime behind in process group ${holder.group}; end it first`);
    }
    rmSync(lockFile(stateDir), { force: true });
    if (!create(stateDir)) return err(`${stateDir} was taken by another run just now`);
  }
  return ok(new Lock(stateDir));
};

export class Lock {
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Notes the group of the runtime, so that a later run knows what a killed one may have left. */
  noteGroup(group: number): void {
    const holder: Holder = { pid: process.pid, started: startOf(process.pid), group };
    writePrivately(lockFile(this.#stateDir), JSON.stringify(holder));
  }

  release(): void {
    if (existsSync(lockFile(this.#stateDir)) && readLock(this.#stateDir)?.pid === process.pid) {
      rmSync(lockFile(this.#stateDir), { force: true });
    }
  }
}
