import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSecrets } from "../../src/local/secrets.ts";

let stateDir = "";
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "secrets-"));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const none = { adminToken: null, ingestToken: null };
const file = () => join(stateDir, "secrets.json");

describe("secrets of a local run", () => {
  test("are made on the first run, for their owner only, and are the same on the next", () => {
    const first = loadSecrets(stateDir, none);
    expect(first.ok && first.value.ENCRYPTION_KEYS).toMatch(/^k1:[A-Za-z0-9+/]{43}=$/);
    expect(first.ok && first.value.ADMIN_TOKEN).toMatch(/^[\w-]{32}$/);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(loadSecrets(stateDir, none)).toEqual(first);
  });

  test("differ between two state directories and between two tokens", () => {
    const one = loadSecrets(stateDir, none);
    const other = mkdtempSync(join(tmpdir(), "secrets-"));
    const two = loadSecrets(other, none);
    rmSync(other, { recursive: true });
    const values = [one, two].flatMap((secrets) => (secrets.ok ? Object.values(secrets.value) : []));
    expect(new Set(values).size).toBe(6);
  });

  test("given tokens win for this run and are not kept", () => {
    const given = loadSecrets(stateDir, { adminToken: "adm", ingestToken: "ing" });
    expect(given.ok && [given.value.ADMIN_TOKEN, given.value.INGEST_TOKEN]).toEqual(["adm", "ing"]);
    const later = loadSecrets(stateDir, none);
    expect(later.ok && later.value.ADMIN_TOKEN).not.toBe("adm");
    expect(given.ok && later.ok && later.value.ENCRYPTION_KEYS === given.value.ENCRYPTION_KEYS).toBe(true);
  });

  test("a damaged file is never replaced: the keys in it may be all that opens the stored targets", () => {
    writeFileSync(file(), "{");
    expect(loadSecrets(stateDir, none)).toMatchObject({ ok: false });
    expect(readFileSync(file(), "utf8")).toBe("{");
  });
});
