/**
 * A strict stand-in for the parts of Cloudflare's API that wrangler speaks to in a deployment, on loopback. It keeps what
 * was made and refuses what the real one refuses: a missing token, a name that is taken, a database, queue or script that
 * is not there, a migration of objects that was made already. What it does not know is an error and is noted.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const API_TOKEN = "token-of-the-tests";

interface Queue {
  readonly queue_id: string;
  readonly queue_name: string;
  readonly consumers: Record<string, unknown>[];
}
interface Script {
  readonly metadata: Readonly<Record<string, unknown>>;
  migrationTag: string | null;
  versions: number;
}

export interface Cloudflare {
  readonly url: string;
  /** What was asked, as `METHOD path` below the account. */
  readonly asked: string[];
  /** What the stand-in does not know. */
  readonly unknown: string[];
  readonly databases: ReadonlyMap<string, { readonly name: string; readonly db: DatabaseSync }>;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly scripts: ReadonlyMap<string, Script>;
  readonly schedules: ReadonlyMap<string, unknown>;
  /** Answers the next requests whose line matches with this failure. */
  failOn: RegExp | null;
  /** A queue or database somebody else has in this account. */
  addQueue(name: string): void;
  close(): Promise<void>;
}

class Refused extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** The part `metadata` of a multipart upload. */
const metadataOf = async (request: IncomingMessage, body: Buffer): Promise<Record<string, unknown>> => {
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": request.headers["content-type"] ?? "" },
  }).formData();
  const part = form.get("metadata");
  const text = typeof part === "string" ? part : await part?.text();
  if (text === undefined) throw new Refused(400, 10021, "the upload has no metadata");
  const entry = [...form.keys()].filter((name) => name !== "metadata");
  if (entry.length === 0) throw new Refused(400, 10021, "the upload has no script");
  return JSON.parse(text) as Record<string, unknown>;
};

let made = 0;
const newId = (): string => (++made).toString(16).padStart(32, "0");
const newUuid = (): string => `11111111-2222-4333-8444-${(++made).toString().padStart(12, "0")}`;

const runSql = (db: DatabaseSync, sql: string): object[] => {
  const statements = sql.split("--> statement-breakpoint").flatMap((part) => part.split(/;\s*$/m));
  return statements
    .filter((statement) => statement.trim() !== "")
    .map((statement) => {
      try {
        return { results: db.prepare(statement).all(), success: true, meta: { duration: 0.1, rows_read: 0 } };
      } catch (error) {
        throw new Refused(400, 7500, error instanceof Error ? error.message : "SQL");
      }
    });
};

export const startCloudflare = async (): Promise<Cloudflare> => {
  const databases = new Map<string, { name: string; db: DatabaseSync }>();
  const queues = new Map<string, Queue>();
  const scripts = new Map<string, Script>();
  const schedules = new Map<string, unknown>();
  const state = { failOn: null as RegExp | null };
  const asked: string[] = [];
  const unknown: string[] = [];

  const queueNamed = (name: string): Queue | undefined =>
    [...queues.values()].find(({ queue_name }) => queue_name === name);
  const addQueue = (name: string): Queue => {
    if (queueNamed(name)) throw new Refused(409, 11009, `Queue name '${name}' is already taken.`);
    const queue = { queue_id: newId(), queue_name: name, consumers: [] };
    queues.set(queue.queue_id, queue);
    return queue;
  };
  const showQueue = (queue: Queue) => ({
    ...queue,
    created_on: "2026-01-01T00:00:00Z",
    modified_on: "2026-01-01T00:00:00Z",
    producers: [],
    producers_total_count: 0,
    consumers_total_count: queue.consumers.length,
    settings: { delivery_delay: 0, message_retention_period: 345_600 },
  });
  const queueById = (id: string): Queue => {
    const queue = queues.get(id);
    if (queue === undefined) throw new Refused(404, 11000, "Queue does not exist");
    return queue;
  };
  const scriptNamed = (name: string): Script => {
    const script = scripts.get(name);
    if (script === undefined) throw new Refused(404, 10007, "This Worker does not exist on your account.");
    return script;
  };

  /** What a binding names has to be there; migrations of objects go on from the tag that was reached. */
  const upload = (name: string, metadata: Record<string, unknown>): object => {
    for (const binding of (metadata.bindings ?? []) as { type: string; id?: string; queue_name?: string }[]) {
      if (binding.type === "d1" && !databases.has(binding.id ?? "")) {
        throw new Refused(400, 10181, `D1 database '${binding.id}' does not exist`);
      }
      if (binding.type === "queue" && !queueNamed(binding.queue_name ?? "")) {
        throw new Refused(400, 100_127, `Queue '${binding.queue_name}' does not exist`);
      }
    }
    const before = scripts.get(name);
    const migrations = metadata.migrations as { old_tag?: string; new_tag?: string } | undefined;
    if (migrations !== undefined && (migrations.old_tag ?? null) !== (before?.migrationTag ?? null)) {
      throw new Refused(400, 10079, "the migrations do not go on from the tag that was reached");
    }
    const script = {
      metadata,
      migrationTag: migrations?.new_tag ?? before?.migrationTag ?? null,
      versions: (before?.versions ?? 0) + 1,
    };
    scripts.set(name, script);
    const entry = { id: name, etag: newId(), deployment_id: newId(), entry_point: "index.js", pipeline_hash: newId() };
    return { ...entry, available_on_subdomain: true, startup_time_ms: 12, handlers: ["fetch", "queue", "scheduled"] };
  };

  const routes: readonly (readonly [
    line: RegExp,
    answer: (parts: readonly string[], body: Buffer, request: IncomingMessage, query: URLSearchParams) => unknown,
  ])[] = [
    [
      /^GET \/queues$/,
      (_, __, ___, query) => {
        const names = query.getAll("name");
        return [...queues.values()]
          .filter(({ queue_name }) => names.length === 0 || names.includes(queue_name))
          .map(showQueue);
      },
    ],
    [
      /^POST \/queues$/,
      (_, body) => showQueue(addQueue((JSON.parse(String(body)) as { queue_name: string }).queue_name)),
    ],
    [/^GET \/queues\/([0-9a-f]+)\/consumers$/, ([id = ""]) => queueById(id).consumers],
    [
      /^POST \/queues\/([0-9a-f]+)\/consumers$/,
      ([id = ""], body) => {
        const consumer = JSON.parse(String(body)) as Record<string, unknown>;
        const dead = consumer.dead_letter_queue;
        if (typeof dead === "string" && !queueNamed(dead))
          throw new Refused(404, 11000, `Queue '${dead}' does not exist`);
        if (queueById(id).consumers.length > 0) throw new Refused(409, 11004, "the queue has a consumer");
        queueById(id).consumers.push({ ...consumer, consumer_id: newId(), script: consumer.script_name });
        return consumer;
      },
    ],
    [
      /^PUT \/queues\/([0-9a-f]+)\/consumers\/([0-9a-f]+)$/,
      ([id = "", consumer], body) => {
        if (!queueById(id).consumers.some(({ consumer_id }) => consumer_id === consumer)) {
          throw new Refused(404, 11001, "no such consumer");
        }
        return JSON.parse(String(body)) as object;
      },
    ],
    [
      /^GET \/d1\/database$/,
      (_, __, ___, query) =>
        query.get("page") === "1" || !query.has("page")
          ? [...databases].map(([uuid, { name }]) => ({ uuid, name, version: "production" }))
          : [],
    ],
    [
      /^POST \/d1\/database$/,
      (_, body) => {
        const { name } = JSON.parse(String(body)) as { name: string };
        if ([...databases.values()].some((database) => database.name === name)) {
          throw new Refused(400, 7502, `A database with the name '${name}' exists`);
        }
        const uuid = newUuid();
        databases.set(uuid, { name, db: new DatabaseSync(":memory:") });
        return { uuid, name, version: "production", created_in_region: "WEUR" };
      },
    ],
    [
      /^POST \/d1\/database\/([0-9a-f-]+)\/query$/,
      ([id = ""], body) => {
        const database = databases.get(id);
        if (database === undefined) throw new Refused(404, 7404, "no such database");
        return runSql(database.db, (JSON.parse(String(body)) as { sql: string }).sql);
      },
    ],
    [
      /^GET \/workers\/services\/([a-z-]+)$/,
      ([name = ""]) => {
        const script = scripts.get(name);
        if (script === undefined) throw new Refused(404, 10090, "workers.api.error.service_not_found");
        const shown = {
          id: name,
          migration_tag: script.migrationTag,
          last_deployed_from: "wrangler",
          etag: "e",
          tags: [],
        };
        return { id: name, default_environment: { environment: "production", script: shown } };
      },
    ],
    [/^POST \/workers\/scripts\/[a-z-]+\/assets-upload-session$/, () => ({ jwt: "assets-are-there", buckets: [] })],
    [
      /^PUT \/workers\/scripts\/([a-z-]+)$/,
      async ([name = ""], body, request) => upload(name, await metadataOf(request, body)),
    ],
    [
      /^(?:GET|POST) \/workers\/scripts\/([a-z-]+)\/subdomain$/,
      ([name = ""]) => {
        scriptNamed(name);
        return { enabled: true, previews_enabled: false };
      },
    ],
    [
      /^GET \/workers\/scripts\/([a-z-]+)\/secrets$/,
      ([name = ""]) => {
        scriptNamed(name);
        return [];
      },
    ],
    [
      /^GET \/workers\/scripts\/([a-z-]+)\/deployments$/,
      ([name = ""]) => {
        const { versions } = scriptNamed(name);
        const version = {
          version_id: `00000000-0000-4000-8000-${String(versions).padStart(12, "0")}`,
          percentage: 100,
        };
        const made = {
          id: version.version_id,
          source: "wrangler",
          strategy: "percentage",
          created_on: "2026-01-01T00:00:00Z",
        };
        return { deployments: [{ ...made, author_email: "ann@example.com", versions: [version] }] };
      },
    ],
    [
      /^GET \/workers\/scripts\/([a-z-]+)\/settings$/,
      ([name = ""]) => {
        const { metadata, migrationTag } = scriptNamed(name);
        return { bindings: metadata.bindings ?? [], migration_tag: migrationTag };
      },
    ],
    [
      /^GET \/workers\/workers\/([a-z-]+)$/,
      ([name = ""]) => {
        scriptNamed(name);
        return { id: newId(), name, subdomain: { enabled: true, previews_enabled: false }, tags: [], references: {} };
      },
    ],
    [
      /^POST \/workers\/scripts\/([a-z-]+)\/versions$/,
      async ([name = ""], body, request) => {
        scriptNamed(name);
        return {
          ...upload(name, await metadataOf(request, body)),
          id: newUuid(),
          resources: { script: { etag: newId(), handlers: ["fetch"] }, bindings: [] },
          metadata: {},
        };
      },
    ],
    [/^POST \/workers\/scripts\/([a-z-]+)\/deployments$/, ([name = ""]) => ({ id: scriptNamed(name).versions })],
    [
      /^PATCH \/workers\/scripts\/([a-z-]+)\/(?:script-)?settings$/,
      ([name = ""]) => ({ ok: scriptNamed(name) !== null }),
    ],
    [
      /^GET \/workers\/scripts\/([a-z-]+)\/script-settings$/,
      () => ({ tags: [], logpush: false, observability: { enabled: true } }),
    ],
    [/^GET \/workers\/subdomain$/, () => ({ subdomain: "acme" })],
    [
      /^PUT \/workers\/scripts\/([a-z-]+)\/schedules$/,
      ([name = ""], body) => {
        scriptNamed(name);
        schedules.set(name, JSON.parse(String(body)));
        return { schedules: [] };
      },
    ],
  ];

  const answer = async (request: IncomingMessage, body: Buffer): Promise<unknown> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand.in");
    const prefix = `/client/v4/accounts/${ACCOUNT}`;
    if (request.headers.authorization !== `Bearer ${API_TOKEN}`) throw new Refused(401, 10000, "Authentication error");
    const line = `${request.method} ${pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname}`;
    asked.push(line);
    if (state.failOn?.test(line)) throw new Refused(400, 10013, "An unknown error has occurred.");
    for (const [pattern, act] of routes) {
      const match = pattern.exec(line);
      if (match !== null) return act(match.slice(1), body, request, searchParams);
    }
    unknown.push(line);
    throw new Refused(404, 7003, `the stand-in does not know ${line}`);
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const send = (status: number, envelope: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(envelope));
    };
    try {
      const result = await answer(request, body);
      const count = Array.isArray(result) ? result.length : 1;
      const result_info = { page: 1, per_page: 100, count, total_count: count, total_pages: 1 };
      send(200, { success: true, errors: [], messages: [], result, result_info });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      send(error.status, {
        success: false,
        errors: [{ code: error.code, message: error.message }],
        messages: [],
        result: null,
      });
    }
  };
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      unknown.push(String(error));
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`,
    ...{ asked, unknown, databases, queues, scripts, schedules },
    get failOn() {
      return state.failOn;
    },
    set failOn(pattern) {
      state.failOn = pattern;
    },
    addQueue: (name) => void addQueue(name),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
