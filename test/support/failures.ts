/** What failed, told again where a record that keeps only the end of the output still has it. */
import { stripVTControlCharacters } from "node:util";

/** A record keeps about this many lines of the end beside the summary; steps that failed share them. */
const MAX_LINES = 180;
/** One line of a page's HTML or of an answer may be longer than all the rest. */
const MAX_LINE_LENGTH = 400;

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

/** The failed checks of a script of ours, each with the indented lines below it. */
const checksOf = (lines: readonly string[]): string[] => {
  let failed = false;
  return lines.filter((line) => {
    failed = line.startsWith("FAIL ") || (failed && (line.startsWith("     ") || line === ""));
    return failed;
  });
};

/** Where vitest begins to tell each failure with its difference and place. */
const VITEST_ERRORS = /⎯ (?:Failed Suites|Failed Tests|Unhandled Errors?) /;

/** The names of the tests that failed or did not run, and of the files that could not be loaded. */
export const failedTests = (files: readonly TestFile[]): string[] =>
  files.flatMap(({ name, status, message, assertionResults }) => {
    if (status === "failed" && assertionResults.length === 0) return [`FAIL ${name}: ${message.split("\n")[0] ?? ""}`];
    const failed = assertionResults.filter((test) => test.status !== "passed");
    return failed.map((test) => `FAIL ${name} > ${test.fullName} (${test.status})`);
  });

/** The beginning and the end of what is too long. */
const cut = (lines: readonly string[], max: number): string[] => {
  const short = lines.map((line) => (line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)} …` : line));
  if (short.length <= max) return short;
  const head = Math.ceil(max * 0.7);
  return [
    ...short.slice(0, head),
    `… ${short.length - max} lines are left out …`,
    ...short.slice(short.length - (max - head)),
  ];
};

/** A step that failed: `names` where it has a list of them, `output` with everything it said. */
export interface FailedStep {
  readonly name: string;
  readonly names: readonly string[];
  readonly output: string;
}

/** What to print about steps that failed: the names first, then the reasons as they were given. */
export const tellFailures = (steps: readonly FailedStep[]): string[] =>
  steps.flatMap(({ name, names, output }) => {
    const lines = stripVTControlCharacters(output.trimEnd()).split("\n");
    const from = lines.findIndex((line) => VITEST_ERRORS.test(line));
    const checks = checksOf(lines);
    const reasons = from >= 0 ? lines.slice(from) : checks.length > 0 ? checks : lines.slice(-MAX_LINES / 2);
    const max = Math.floor(MAX_LINES / steps.length);
    return [`\n--- ${name} failed`, ...cut(cut(names, Math.ceil(max / 3)).concat(reasons), max)];
  });
