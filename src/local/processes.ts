/** Process groups that we started ourselves: ended by their id, never by a name. */
import { readdirSync, readFileSync } from "node:fs";

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** The fields of /proc/<pid>/stat after the name, which may itself hold spaces; null where there is no such process. */
const statOf = (pid: number | string): readonly string[] | null => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It ended meanwhile, or this system has no /proc.
    return null;
  }
};

/** Tells a process from a later one with the same id; empty where the system does not say. */
export const startOf = (pid: number): string => statOf(pid)?.[19] ?? "";

/** True while a process of this group runs; what has ended and only waits to be collected does not count. */
export const isGroupAlive = (group: number): boolean => {
  if (!isAlive(-group)) return false;
  if (statOf("self") === null) return true;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      const stat = statOf(pid);
      return stat !== null && stat[2] === String(group) && stat[0] !== "Z";
    });
};

export const signalGroup = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal);
  } catch (error) {
    // Nothing of it is left: what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** True once nothing of the group runs any more, false after `withinMs`. */
export const waitForGroup = async (group: number, withinMs: number): Promise<boolean> => {
  const until = Date.now() + withinMs;
  while (isGroupAlive(group)) {
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
};
