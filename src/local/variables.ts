/** Which variables of this shell are the Worker's: those it declares, where it declares them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./files.ts";

/** Secrets and optional variables, and what wrangler made of `[vars]`. */
const DECLARED_IN = ["src/worker/env.ts", "src/worker/bindings.d.ts"];

/** Decided by the run itself. A local run that called itself production could reach no local target. */
const DECIDED_HERE = ["ENVIRONMENT", "ALLOW_PRIVATE_TARGETS", "ADMIN_TOKEN", "INGEST_TOKEN", "ENCRYPTION_KEYS"];

/** Names of the text variables in a file of types: `readonly NAME?: string;` or `NAME: string;`. */
export const declaredVariables = (types: string): string[] =>
  [...types.matchAll(/^\s*(?:readonly )?([A-Z][A-Z0-9_]*)\??: string;/gm)].map((match) => match[1] ?? "");

/** The Worker's variables that are set in this environment. */
export const variablesFrom = (env: Readonly<Record<string, string | undefined>>): Record<string, string> => {
  const names = DECLARED_IN.flatMap((file) => declaredVariables(readFileSync(join(ROOT, file), "utf8")));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined || DECIDED_HERE.includes(name) ? [] : [[name, value] as const];
    }),
  );
};
