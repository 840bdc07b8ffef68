/**
 * The one test command: `npm run check`, which is what CI runs. Every step runs, whatever became of the one before, and
 * the last line sums them up: `N passed, N failed`. A step without a count of its own counts as one.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FailedStep, failedTests, tellFailures } from "./support/failures.ts";

/** The oldest Node that wrangler and vitest accept. */
const MIN_NODE = [22, 12] as const;

interface Count {
  readonly passed: number;
  readonly failed: number;
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Reads the counts of a step that has some; null: it left none. */
  readonly count?: (output: string) => Count | null;
  /** Names what failed, where that is not to be read in the output. */
  readonly names?: () => string[];
}

/** The longest step takes ten minutes on two cores; one that hangs is ended, and counts as failed. */
const MAX_STEP_MS = 25 * 60_000;

const scratch = mkdtempSync(join(tmpdir(), "alert-history-check-"));
const vitestResults = join(scratch, "vitest.json");

/** Our own scripts end with a sum of the same form as this one. */
const countOfScript = (output: string): Count | null => {
  const match = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  return match === undefined ? null : { passed: Number(match[1]), failed: Number(match[2]) };
};

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: Parameters<typeof failedTests>[0];
}

const readVitest = (): VitestResults | null =>
  existsSync(vitestResults) ? (JSON.parse(readFileSync(vitestResults, "utf8")) as VitestResults) : null;

/** A test that did not run shows nothing, so it counts as failed; so does a file that could not be loaded. */
const countOfVitest = (): Count | null => {
  const results = readVitest();
  if (results === null) return null;
  const broken = results.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numPendingTests + results.numTodoTests + broken.length,
  };
};

const STEPS: readonly Step[] = [
  { name: "types", command: ["tsc", "-b"] },
  { name: "lint and format", command: ["biome", "ci", "--error-on-warnings", "--diagnostic-level=warn"] },
  { name: "drift", command: ["node", "test/drift.ts"], count: countOfScript },
  { name: "build", command: ["node", "src/local/deploy.ts", "--dry-run"] },
  {
    name: "tests",
    command: [
      ...["vitest", "run", "-c", "test/vitest.config.ts"],
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${vitestResults}`],
    ],
    count: countOfVitest,
    names: () => failedTests(readVitest()?.testResults ?? []),
  },
];

/** Each of these mostly waits for a service it started, so three run beside each other; what they print comes when they end. */
const LANES: readonly (readonly Step[])[] = [
  [
    { name: "dashboard", command: ["node", "test/browser/run.ts"], count: countOfScript },
    { name: "first load", command: ["node", "test/browser/size.ts"], count: countOfScript },
  ],
  [
    { name: "crashes", command: ["node", "test/e2e/crash.ts", "--rounds", "20"], count: countOfScript },
    { name: "metrics", command: ["node", "test/e2e/metrics.ts"], count: countOfScript },
    { name: "deployment", command: ["node", "test/e2e/deploy.ts"], count: countOfScript },
  ],
  [
    { name: "a model", command: ["node", "test/e2e/model.ts"], count: countOfScript },
    { name: "as a newcomer", command: ["node", "test/e2e/newcomer.ts"], count: countOfScript },
    { name: "demo", command: ["node", "test/e2e/demo.ts"], count: countOfScript },
    { name: "senders", command: ["node", "test/e2e/senders.ts"], count: countOfScript },
    { name: "where requests go", command: ["node", "test/e2e/reach.ts"], count: countOfScript },
  ],
];

interface Result extends FailedStep {
  readonly count: Count;
  readonly seconds: number;
}

/** Runs one step; `print` gets what it says, piece by piece. */
const runStep = (
  { name, command: [command = "", ...args], count, names }: Step,
  print: (text: string, to: NodeJS.WriteStream) => void,
): Promise<Result> =>
  new Promise((resolve) => {
    const from = Date.now();
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CI: "1", WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" },
    });
    let output = "";
    let counted = "";
    const say = (text: string, to: NodeJS.WriteStream): void => {
      output += text;
      if (to === process.stdout) counted += text;
      print(text, to);
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => say(text, process.stdout));
    child.stderr.setEncoding("utf8").on("data", (text: string) => say(text, process.stderr));
    const finish = (code: number | null): void => {
      clearTimeout(late);
      const found = count?.(counted) ?? { passed: code === 0 ? 1 : 0, failed: 0 };
      resolve({
        name,
        // Failed without a failure that it counted: an error beside the tests, or no result at all.
        count: code === 0 || found.failed > 0 ? found : { ...found, failed: 1 },
        names: names?.() ?? [],
        output,
        seconds: (Date.now() - from) / 1000,
      });
    };
    const late = setTimeout(() => {
      say(`ended after ${MAX_STEP_MS / 60_000} minutes\n`, process.stderr);
      child.kill("SIGKILL");
      // What it started may hold its output open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
      finish(1);
    }, MAX_STEP_MS);
    child.once("error", (error) => {
      say(`${String(error)}\n`, process.stderr);
      finish(1);
    });
    child.once("close", finish);
  });

const checkNode = (): Result => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const enough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  const output = `Node ${process.versions.node} (${MIN_NODE.join(".")} or newer is needed)`;
  console.log(output);
  const count = enough ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  return { name: "Node's version", count, names: [], output, seconds: 0 };
};

const results: Result[] = [checkNode()];
const titleOf = ({ name, command }: Step): string => `\n=== ${name}: ${command.slice(0, 4).join(" ")}\n`;
for (const step of STEPS) {
  process.stdout.write(titleOf(step));
  results.push(await runStep(step, (text, to) => to.write(text)));
}
await Promise.all(
  LANES.map(async (lane) => {
    for (const step of lane) {
      const said: [text: string, to: NodeJS.WriteStream][] = [];
      const result = await runStep(step, (text, to) => void said.push([text, to]));
      process.stdout.write(titleOf(step));
      for (const [text, to] of said) to.write(text);
      results.push(result);
    }
  }),
);
rmSync(scratch, { recursive: true, force: true });

console.log("\n=== summary");
for (const { name, count, seconds } of results) {
  const line = `${count.failed === 0 ? "ok  " : "FAIL"} ${name.padEnd(18)} ${String(count.passed).padStart(5)} passed`;
  console.log(`${line} ${String(count.failed).padStart(4)} failed ${seconds.toFixed(1).padStart(7)} s`);
}
const failures = tellFailures(results.filter(({ count }) => count.failed > 0));
if (failures.length > 0) console.log(`${failures.join("\n")}\n`);
const total = (key: keyof Count): number => results.reduce((sum, { count }) => sum + count[key], 0);
console.log(`${total("passed")} passed, ${total("failed")} failed`);
process.exitCode = total("failed") === 0 ? 0 : 1;
