/** The configuration as an Alertmanager would print it: amtool and Grafana load it strictly, so it holds nothing of ours. */
import { DEFAULT_DOCUMENT, projectForAlertmanager } from "../../../core/route/config.ts";
import { currentVersion } from "../../config.ts";
import type { Bindings } from "../../env.ts";
import { logWarn } from "../../log.ts";

/** A document that cannot be read is shown as the default: its clients would stop at an error. */
export const originalConfig = async (env: Bindings): Promise<string> => {
  const stored = await currentVersion(env);
  if (stored === null) return DEFAULT_DOCUMENT;
  const projected = projectForAlertmanager(stored.text);
  if (projected.ok) return projected.value;
  logWarn("alertmanager.original", { reason: "defects" });
  return DEFAULT_DOCUMENT;
};
