/** The life of a command that runs until somebody stops it: signals, what is undone, exit codes. */
import { lastLines } from "./runtime.ts";
import { Refusal, type Service, Undoing } from "./service.ts";

/** Starts, waits for the end or for a signal, and undoes everything; ends the process. */
export const runUntilStopped = async (start: (undo: Undoing) => Promise<Service>): Promise<void> => {
  const undo = new Undoing();
  let stopping = false;
  const stopAll = async (exitCode: number): Promise<never> => {
    stopping = true;
    await undo.all();
    process.exit(exitCode);
  };
  const onSignal = (): void => {
    // Asked twice: whoever asks cannot wait.
    if (stopping) {
      undo.kill();
      process.exit(130);
    }
    console.log("\nStopping.");
    void stopAll(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  try {
    const service = await start(undo);
    const code = await service.ended;
    if (stopping) return;
    console.error(`The Worker ended (exit code ${code}). The end of its log:\n${lastLines(service.logFile)}`);
    await stopAll(1);
  } catch (error) {
    if (stopping) return;
    console.error(error instanceof Refusal ? error.message : error);
    await stopAll(1);
  }
};
