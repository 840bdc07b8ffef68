/**
 * D1 with a count of what is asked of it: for the metrics by kind of statement, and for whoever wants to know what one
 * request cost. It changes no statement and no answer.
 */
import type { Bindings } from "../env.ts";
import { count } from "../metrics/count.ts";
import { ours } from "../metrics/families.ts";

/** What one request or one batch of work has asked of D1. */
export interface DatabaseUse {
  calls: number;
  /** Time waited, calls side by side counted each. */
  ms: number;
  /** Rows in answers. */
  rows: number;
  /** Rows that D1 looked at, where it tells. */
  rowsRead: number;
}

const KINDS: readonly string[] = ["select", "insert", "update", "delete", "with"];

const kindOf = (sql: string): string => {
  const word = /^\s*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase() ?? "";
  return KINDS.includes(word) ? word : "other";
};

type Answer = { readonly results?: readonly unknown[]; readonly meta?: { readonly rows_read?: number } };

const measured = async <T>(operation: string, use: DatabaseUse, work: () => Promise<T>): Promise<T> => {
  const from = Date.now();
  use.calls += 1;
  let status = "error";
  try {
    const answer = await work();
    status = "success";
    const answers = (Array.isArray(answer) ? answer : [answer]) as (Answer | null)[];
    for (const one of answers) {
      use.rows += one?.results?.length ?? 0;
      use.rowsRead += one?.meta?.rows_read ?? 0;
    }
    return answer;
  } finally {
    use.ms += Date.now() - from;
    count(ours("database_operations_total"), { operation, status });
  }
};

class CountedStatement {
  readonly inner: D1PreparedStatement;
  readonly #kind: string;
  readonly #use: DatabaseUse;

  constructor(inner: D1PreparedStatement, kind: string, use: DatabaseUse) {
    this.inner = inner;
    this.#kind = kind;
    this.#use = use;
  }

  bind(...values: unknown[]): CountedStatement {
    return new CountedStatement(this.inner.bind(...values), this.#kind, this.#use);
  }

  first(column?: string): Promise<unknown> {
    return measured(this.#kind, this.#use, () =>
      column === undefined ? this.inner.first() : this.inner.first(column),
    );
  }

  run(): Promise<D1Result> {
    return measured(this.#kind, this.#use, () => this.inner.run());
  }

  all(): Promise<D1Result> {
    return measured(this.#kind, this.#use, () => this.inner.all());
  }

  raw(options?: { columnNames?: false }): Promise<unknown[]> {
    return measured(this.#kind, this.#use, () => this.inner.raw(options));
  }
}

const innerOf = (statement: D1PreparedStatement): D1PreparedStatement =>
  statement instanceof CountedStatement ? (statement as CountedStatement).inner : statement;

const countedDatabase = (db: D1Database, use: DatabaseUse): D1Database => {
  const counted: Pick<D1Database, "batch" | "exec"> & { prepare(sql: string): CountedStatement } = {
    prepare: (sql) => new CountedStatement(db.prepare(sql), kindOf(sql), use),
    batch: (statements) => measured("batch", use, () => db.batch(statements.map(innerOf))),
    exec: (sql) => measured("other", use, () => db.exec(sql)),
  };
  // The class of the platform has overloads and private fields that nothing of ours touches.
  return counted as unknown as D1Database;
};

const uses = new WeakMap<Bindings, DatabaseUse>();

/** The same bindings with a counted database: one per request or batch of work. */
export const countingDatabase = (bindings: Bindings): Bindings => {
  const use: DatabaseUse = { calls: 0, ms: 0, rows: 0, rowsRead: 0 };
  const env = Object.create(bindings, {
    DB: { value: countedDatabase(bindings.DB, use), enumerable: true },
  }) as Bindings;
  uses.set(env, use);
  return env;
};

/** What was asked through these bindings so far. */
export const databaseUse = (env: Bindings): DatabaseUse => uses.get(env) ?? { calls: 0, ms: 0, rows: 0, rowsRead: 0 };
