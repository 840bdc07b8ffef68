/** How a script of ours says what it found: a line per check, at the end `N passed, N failed`, and an exit code. */
import { inspect } from "node:util";

export interface Report {
  /** Notes one check; a failed one says why. */
  readonly check: (what: string, ok: boolean, why?: string) => void;
  /** Notes a check that throws when it fails. */
  readonly attempt: (what: string, run: () => unknown) => Promise<boolean>;
  /** Prints the sum and sets the exit code. */
  readonly finish: () => void;
}

export const startReport = (): Report => {
  let passed = 0;
  let failed = 0;
  const check = (what: string, ok: boolean, why = ""): void => {
    if (ok) passed += 1;
    else failed += 1;
    console.log(
      `${ok ? "ok  " : "FAIL"} ${what}${ok || why === "" ? "" : `\n     ${why.replaceAll("\n", "\n     ")}`}`,
    );
  };
  return {
    check,
    async attempt(what, run) {
      try {
        await run();
        check(what, true);
        return true;
      } catch (error) {
        check(what, false, inspect(error));
        return false;
      }
    },
    finish() {
      console.log(`${passed} passed, ${failed} failed`);
      process.exitCode = failed === 0 ? 0 : 1;
    },
  };
};
