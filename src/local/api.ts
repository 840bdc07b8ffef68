/** The few calls a local run makes to its own Worker. */

/** A call that takes longer has failed: everything here is on loopback. */
const TIMEOUT_MS = 10_000;

export interface Api {
  /**
   * `ready` once the Worker says so, and is the one that knows our token; a sentence where a variable keeps it from ever
   * being ready; null: not yet.
   */
  readonly readiness: () => Promise<{ readonly ready: boolean; readonly why: string | null } | null>;
  /** What is scheduled, now: `wrangler dev` does not fire it by itself. */
  readonly runCron: () => Promise<boolean>;
  /** Names of the targets with scheme and host of their URL. */
  readonly listTargets: () => Promise<readonly { readonly name: string; readonly url: string }[]>;
  readonly putTarget: (target: Readonly<Record<string, unknown>>) => Promise<void>;
}

export const connect = (baseUrl: string, adminToken: string): Api => {
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${baseUrl}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  const expectOk = async (response: Response): Promise<Response> => {
    if (!response.ok) throw new Error(`${new URL(response.url).pathname}: ${response.status} ${await response.text()}`);
    return response;
  };
  return {
    async readiness() {
      try {
        const response = await call("/readyz");
        const body = (await response.json()) as Readonly<Record<string, unknown>>;
        if (!("dependencies" in body)) return null;
        return { ready: response.ok, why: typeof body.detail === "string" ? body.detail : null };
      } catch {
        // Nobody listens yet.
        return null;
      }
    },
    async runCron() {
      try {
        const response = await call(`/cdn-cgi/local/scheduled?cron=${encodeURIComponent("* * * * *")}`);
        await response.body?.cancel();
        return response.ok;
      } catch {
        return false;
      }
    },
    async listTargets() {
      const response = await expectOk(await call("/api/v1/targets"));
      return ((await response.json()) as { targets: { name: string; url: string }[] }).targets;
    },
    async putTarget(target) {
      const response = await expectOk(await call("/api/v1/targets", { method: "POST", body: JSON.stringify(target) }));
      await response.body?.cancel();
    },
  };
};
