import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Lock, lockFile, readLock, takeLock } from "../../src/local/lock.ts";

let stateDir = "";
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const take = async (): Promise<Lock> => {
  const lock = await takeLock(stateDir);
  if (!lock.ok) throw new Error(lock.error);
  return lock.value;
};
/** No process has it: ids end far below. */
const DEAD_PID = 2 ** 30;
const leave = (text: string) => writeFileSync(lockFile(stateDir), text);

describe("the lock of a state directory", () => {
  test("is refused while its holder lives, and the refusal names the holder", async () => {
    await take();
    const second = await takeLock(stateDir);
    expect(!second.ok && second.error).toContain(`process id ${process.pid}`);
  });

  test("is free after its release", async () => {
    (await take()).release();
    await take();
  });

  test("remembers the group of the runtime", async () => {
    (await take()).noteGroup(DEAD_PID);
    expect(readLock(stateDir)).toMatchObject({ pid: process.pid, group: DEAD_PID });
  });

  test.each([
    ["a process that is gone", JSON.stringify({ pid: DEAD_PID, started: "1", group: DEAD_PID })],
    ["a process whose id another one has by now", JSON.stringify({ pid: process.pid, started: "1", group: null })],
    ["nobody: half a file", '{"pid":'],
  ])("of %s is taken over", async (_, text) => {
    leave(text);
    await take();
    expect(readLock(stateDir)?.pid).toBe(process.pid);
  });

  test("that another run holds is not taken away by a late release", async () => {
    const lock = await take();
    const other = JSON.stringify({ pid: DEAD_PID, started: "1", group: null });
    leave(other);
    lock.release();
    expect(readLock(stateDir)?.pid).toBe(DEAD_PID);
  });
});
