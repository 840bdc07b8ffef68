/** Waiting with an end. Nothing a decision waits for may hold it longer than its time. */
import { err, ok, type Result } from "../core/result.ts";

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Runs `work` for at most `ms`. Its signal is aborted at the end, but the answer does not depend on the work obeying it.
 * `failed`: it rejected.
 */
export async function settleWithin<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Result<T, "timeout" | "failed">> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const end = new Promise<Result<T, "timeout">>((resolve) => {
    timer = setTimeout(
      () => {
        resolve(err("timeout"));
        controller.abort();
      },
      Math.max(0, ms),
    );
  });
  const done = (async () => ok(await work(controller.signal)))().catch(() => err("failed" as const));
  try {
    return await Promise.race([done, end]);
  } finally {
    clearTimeout(timer);
  }
}
