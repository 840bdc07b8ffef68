/** A crash at each step of putting a configuration document in force: it holds whole, or not at all. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { followConfig } from "../../src/worker/cron/config-change.ts";
import { addVersion } from "../../src/worker/db/config-versions.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { registry } from "../../src/worker/registry.ts";
import { forgetSettings, loadSettings } from "../../src/worker/settings.ts";
import { get, put } from "../support/api.ts";
import { watchOutside } from "../support/outside.ts";

watchOutside();
const bindings = env as unknown as Bindings;

/** A document whose targets tell its number: `same` is in every one, `only-<n>` in this one. */
const documentOf = (n: number, more: Readonly<Record<string, object>> = {}) => ({
  route: { receiver: "all" },
  receivers: [{ name: "all", targets: ["same", `only-${n}`] }],
  targets: {
    same: { type: "webhook", url: `https://same.example.com/${n}` },
    [`only-${n}`]: { type: "webhook", url: "https://only.example.com/" },
    ...more,
  },
});
const many = Object.fromEntries(
  Array.from({ length: 1001 }, (_, i) => [`t${i}`, { type: "webhook", url: "https://many.example.com/" }]),
);

/** What holds: version, whose URL, and which targets there are; none of it remembered from before. */
const inForce = async (): Promise<string> => {
  forgetSettings();
  const { configVersion, config } = await loadSettings(bindings, Date.now());
  const listed = (await registry(bindings).list()).map(({ target }) => target);
  const same = listed.find(({ name }) => name === "same")?.url.replace("https://same.example.com/", "");
  const names = listed.map(({ name }) => name).filter((name) => name !== "same");
  const routed = JSON.stringify(config).match(/only-\d+/)?.[0];
  return `version ${configVersion}, url ${same}, routed to ${routed}, targets ${names.join()}`;
};
const whole = (version: number, n: number): string =>
  `version ${version}, url ${n}, routed to only-${n}, targets only-${n}`;
/** The first step alone, as when all dies right after it. */
const storeOnly = (before: number, n: number) => {
  const document = { text: JSON.stringify(documentOf(n)), secrets: {}, createdBy: "test", createdAt: 1, note: "" };
  return addVersion(bindings, before, document, 0);
};
const putDocument = (n: number, more = {}) => put("/api/v1/config", JSON.stringify(documentOf(n, more)));
const evictRegistry = () => evictDurableObject(env.REGISTRY.getByName("main"));
const audited = async () =>
  (
    await env.DB.prepare("SELECT action || ' ' || subject AS line FROM audit ORDER BY id").all<{ line: string }>()
  ).results
    .map(({ line }) => line)
    .filter((line) => line.startsWith("config."));

beforeAll(async () => {
  expect((await putDocument(1)).json.version).toBe(1);
});
afterEach(() => vi.restoreAllMocks());

test("before its version is stored nothing has changed", async () => {
  const batch = vi.spyOn(bindings.DB, "batch").mockRejectedValue(new Error("the database is gone"));
  expect((await putDocument(2)).status).toBe(500);
  batch.mockRestore();
  await evictRegistry();
  expect(await inForce()).toBe(whole(1, 1));
  expect((await get("/api/v1/config/versions")).json.versions).toHaveLength(1);
});

test.each<[sentence: string, finish: () => Promise<unknown>]>([
  ["the next decision", () => loadSettings(bindings, Date.now())],
  ["the next look at it", () => get("/api/v1/config")],
  ["cron", () => followConfig(bindings, Date.now())],
])("once its version is stored its targets hold with it: %s puts both in force", async (_, finish) => {
  const before = (await get("/api/v1/config")).json.version as unknown as number;
  const n = before + 100;
  expect(await storeOnly(before, n)).toEqual({ ok: true, value: before + 1 });
  const old = (await registry(bindings).list()).map(({ target }) => target.name);
  expect(old).not.toContain(`only-${n}`);
  await evictRegistry();
  forgetSettings();
  await finish();
  await evictRegistry();
  expect((await registry(bindings).list()).map(({ target }) => target.name)).toEqual([`only-${n}`, "same"]);
  expect(await inForce()).toBe(whole(before + 1, n));
});

test("while its targets cannot be taken over, the one before holds with its own", async () => {
  const before = (await get("/api/v1/config")).json.version as unknown as number;
  const holds = await inForce();
  const key = vi.spyOn(crypto.subtle, "encrypt").mockRejectedValue(new Error("out of memory"));
  key.mockImplementationOnce(SubtleCrypto.prototype.encrypt.bind(crypto.subtle));
  expect((await putDocument(777)).status).toBe(500);
  expect(await inForce()).toBe(holds);
  key.mockRestore();
  expect(await inForce()).toBe(whole(before + 1, 777));
});

test("one that the registry has no room for is taken back, and its targets with it", async () => {
  const holds = await inForce();
  const { version } = (await get("/api/v1/config")).json;
  expect((await putDocument(888, many)).status).toBe(413);
  expect(await inForce()).toBe(holds);
  expect((await get("/api/v1/config")).json.version).toBe(version);
  const next = Number(version) + 1;
  expect((await audited()).slice(-2)).toEqual([`config.put ${next}`, `config.withdrawn ${next}`]);
});

test("of two at once one holds, whole, and the other leaves nothing", async () => {
  const before = Number((await get("/api/v1/config")).json.version);
  const answers = await Promise.all([putDocument(901), putDocument(902), putDocument(903)]);
  const stored = await addVersionsSince(before);
  const last = answers.findIndex(({ json }) => Number(json.version) === stored.at(-1));
  expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(stored.length);
  expect(await inForce()).toBe(whole(stored.at(-1)!, 901 + last));
});
const addVersionsSince = async (before: number): Promise<number[]> =>
  (
    await env.DB.prepare("SELECT version FROM config_versions WHERE version > ?1 ORDER BY version")
      .bind(before)
      .all<{ version: number }>()
  ).results.map(({ version }) => version);
