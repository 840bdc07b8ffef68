/** What a deployment consists of, read from wrangler.toml, and why it must not go out. Starts nothing. */
import { err, ok, type Result } from "../core/result.ts";

export interface Plan {
  readonly database: string;
  readonly queues: readonly string[];
}

/** Lets targets be on private addresses; only a local run may have it. */
const UNSAFE = "ALLOW_PRIVATE_TARGETS";

const withoutComments = (toml: string): string => toml.replace(/^\s*#.*$/gm, "");

const valuesOf = (toml: string, key: string): string[] =>
  [...withoutComments(toml).matchAll(new RegExp(`^\\s*${key}\\s*=\\s*"([^"]*)"`, "gm"))].map(([, value = ""]) => value);

/** What has to be there, or a sentence that says why nothing is deployed. */
export const planDeploy = (
  local: string,
  earlier: string | null,
  env: Readonly<Record<string, string | undefined>>,
): Result<Plan, string> => {
  const places = [
    ["the environment", env[UNSAFE] !== undefined && env[UNSAFE] !== ""],
    ["wrangler.toml", withoutComments(local).includes(UNSAFE)],
    ["wrangler.production.toml", earlier !== null && withoutComments(earlier).includes(UNSAFE)],
  ] as const;
  const unsafe = places.find(([, isSet]) => isSet);
  if (unsafe !== undefined) return err(`${UNSAFE} is set in ${unsafe[0]}: it is for a local run, nothing is deployed`);
  const [environment] = valuesOf(local, "ENVIRONMENT");
  if (environment !== "production")
    return err(`ENVIRONMENT must be "production" in wrangler.toml, not "${environment}"`);
  const [database] = valuesOf(local, "database_name");
  if (database === undefined) return err("wrangler.toml names no database");
  // A dead letter queue is created like any other.
  const queues = [...new Set([...valuesOf(local, "queue"), ...valuesOf(local, "dead_letter_queue")])];
  return ok({ database, queues });
};

/** Not in wrangler.toml: it is paid for by use, alert texts go to it, and it needs a login even to try. */
const WORKERS_AI = '[ai]\nbinding = "AI"\n';

/** Whether the deployment before had Workers AI: it stays until it is switched off. */
export const hadWorkersAi = (earlier: string | null): boolean =>
  earlier !== null && /^\[ai\]/m.test(withoutComments(earlier));

/** wrangler.toml for this account: with the id of its database, and Workers AI where it is wanted. */
export const productionConfig = (local: string, databaseId: string, workersAi: boolean): string =>
  `# Written by npm run deploy from wrangler.toml; change that one.\n${local.replace(
    /^(database_id\s*=\s*)"[^"]*"/m,
    `$1"${databaseId}"`,
  )}${workersAi ? `\n${WORKERS_AI}` : ""}`;
