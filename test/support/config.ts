/** Puts a configuration document in force, as the API stores it. */
import { env } from "cloudflare:workers";
import { addVersion, newestVersion } from "../../src/worker/db/config-versions.ts";
import type { Bindings } from "../../src/worker/env.ts";
import { forgetSettings } from "../../src/worker/settings.ts";

export const putDocument = async (document: object): Promise<void> => {
  const bindings = env as unknown as Bindings;
  const version = { text: JSON.stringify(document), secrets: {}, createdBy: "test", createdAt: Date.now(), note: "" };
  const added = await addVersion(bindings, await newestVersion(bindings.DB), version, 0);
  if (!added.ok) throw new Error(added.error);
  forgetSettings();
};
