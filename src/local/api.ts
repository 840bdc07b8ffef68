/** The few calls a local run makes to its own Worker. */

/** A call that takes longer has failed: everything here is on loopback. */
const TIMEOUT_MS = 10_000;

export interface Api {
  /** True once the Worker answers that it is ready, and is the one that knows our token. */
  readonly isReady: () => Promise<boolean>;
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
    async isReady() {
      try {
        const response = await call("/readyz");
        const body = (await response.json()) as Readonly<Record<string, unknown>>;
        return response.ok && "dependencies" in body;
      } catch {
        // Nobody listens yet.
        return false;
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
