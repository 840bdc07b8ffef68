/**
 * Counts what the platform would bill, from inside the runtime: invocations, calls of Durable Objects, rows of both
 * stores, queue operations. It wraps methods of the runtime's own classes, so the code under measurement is unchanged.
 */

/** What has been counted since the last reset. */
export interface Counts {
  workerRequests: number;
  objectRequests: number;
  objectRowsRead: number;
  objectRowsWritten: number;
  d1RowsRead: number;
  d1RowsWritten: number;
  queueOperations: number;
  /** The same rows and calls by where they happened: for finding out what costs. */
  detail: Record<string, number>;
}

const zero = (): Counts => ({
  workerRequests: 0,
  objectRequests: 0,
  objectRowsRead: 0,
  objectRowsWritten: 0,
  d1RowsRead: 0,
  d1RowsWritten: 0,
  queueOperations: 0,
  detail: {},
});

let counts = zero();

/** The counts so far; they begin again from zero. */
export const takeCounts = (): Counts => {
  const taken = counts;
  counts = zero();
  return taken;
};

const note = (what: string, by: number): void => {
  if (by !== 0) counts.detail[what] = (counts.detail[what] ?? 0) + by;
};

export const countWorkerRequest = (): void => {
  counts.workerRequests += 1;
};

/** One operation covers 64 kB (list price page of Queues). */
const OPERATION_BYTES = 64_000;

/** A message is written, read and deleted; one that comes again is only read again. */
export const countMessages = (batch: MessageBatch): void => {
  for (const message of batch.messages) {
    const text = typeof message.body === "string" ? message.body : JSON.stringify(message.body);
    const size = Math.max(1, Math.ceil(text.length / OPERATION_BYTES));
    const operations = size * (message.attempts === 1 ? 3 : 1);
    counts.queueOperations += operations;
    note(`queue ${batch.queue}`, operations);
  }
};

type Method = (this: unknown, ...args: unknown[]) => unknown;

const wrap = (owner: object, name: string, around: (original: Method) => Method): void => {
  const original = Reflect.get(owner, name) as Method;
  Object.defineProperty(owner, name, { configurable: true, writable: true, value: around(original) });
};

/** The table a statement writes to or reads from, for the detail. */
const tableOf = (query: string): string => /\b(?:INTO|UPDATE|FROM)\s+(\w+)/i.exec(query)?.[1] ?? "?";

const rowsOf = (meta: unknown): { read: number; written: number } => {
  const { rows_read = 0, rows_written = 0 } = (meta ?? {}) as { rows_read?: number; rows_written?: number };
  return { read: rows_read, written: rows_written };
};

const countD1 = (query: string, meta: unknown): void => {
  const { read, written } = rowsOf(meta);
  counts.d1RowsRead += read;
  counts.d1RowsWritten += written;
  note(`d1 write ${tableOf(query)}`, written);
  note(`d1 read ${tableOf(query)}`, read);
};

let d1IsWrapped = false;

/** Every query goes through one of these two methods of the runtime's session, whatever the caller used. */
const wrapD1 = (db: D1Database): void => {
  if (d1IsWrapped) return;
  d1IsWrapped = true;
  const session = Reflect.get(db, "alwaysPrimarySession") as object;
  const prototype = Object.getPrototypeOf(session) as object;
  const around = (original: Method): Method =>
    async function counted(this: unknown, ...args: unknown[]) {
      const answer = await original.apply(this, args);
      const queries = Array.isArray(args[1]) ? (args[1] as string[]) : [String(args[1])];
      const answers = (Array.isArray(answer) ? answer : [answer]) as { meta?: unknown }[];
      answers.forEach(({ meta }, i) => {
        countD1(queries[i] ?? "", meta);
      });
      return answer;
    };
  wrap(prototype, "_send", around);
};

let storageIsWrapped = false;

const wrapStorage = (storage: DurableObjectStorage): void => {
  if (storageIsWrapped) return;
  storageIsWrapped = true;
  wrap(
    Object.getPrototypeOf(storage.sql) as object,
    "exec",
    (original) =>
      function counted(this: unknown, ...args: unknown[]) {
        const cursor = original.apply(this, args) as SqlStorageCursor<Record<string, SqlStorageValue>>;
        const query = String(args[0]);
        counts.objectRowsWritten += cursor.rowsWritten;
        note(`object write ${tableOf(query)}`, cursor.rowsWritten);
        counts.objectRowsRead += cursor.rowsRead;
        return cursor;
      },
  );
  for (const name of ["setAlarm", "put", "delete"]) {
    wrap(
      Object.getPrototypeOf(storage) as object,
      name,
      (original) =>
        function counted(this: unknown, ...args: unknown[]) {
          counts.objectRowsWritten += 1;
          note(`object write ${name}`, 1);
          return original.apply(this, args);
        },
    );
  }
};

type ObjectClass = new (ctx: DurableObjectState, env: never) => object;

/** The same class with every call from outside and every row counted. Calls it makes to itself count as well. */
export const meterObject = <C extends ObjectClass>(Class: C): C => {
  for (const name of Object.getOwnPropertyNames(Class.prototype)) {
    if (name === "constructor" || typeof Reflect.get(Class.prototype as object, name) !== "function") continue;
    wrap(
      Class.prototype as object,
      name,
      (original) =>
        function counted(this: unknown, ...args: unknown[]) {
          counts.objectRequests += 1;
          note(`call ${Class.name}.${name}`, 1);
          return original.apply(this, args);
        },
    );
  }
  // A class cannot be wrapped from outside its constructor, and the runtime wants its own `ctx` in it.
  return new Proxy(Class, {
    construct(target, [ctx, env], newTarget) {
      wrapStorage((ctx as DurableObjectState).storage);
      wrapD1((env as { DB: D1Database }).DB);
      return Reflect.construct(target, [ctx, env], newTarget) as object;
    },
  });
};

/** Wraps what handlers use; call it at the start of each. */
export const meterEnv = (env: { DB: D1Database }): void => wrapD1(env.DB);
