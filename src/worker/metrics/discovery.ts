/** What one pull of a cluster's targets adds to the counters. */
import type { Result } from "../../core/result.ts";
import type { Reading } from "../../core/route/registry-merge.ts";
import type { fetchSnapshot } from "../exporter.ts";
import { count } from "./count.ts";
import { ours } from "./families.ts";

export const countRefresh = (
  cluster: string,
  answer: Awaited<ReturnType<typeof fetchSnapshot>>,
  reading: Result<Reading, unknown> | null,
): void => {
  const status = answer.kind === "unchanged" ? "unchanged" : reading?.ok ? "success" : "failed";
  count(ours("publishing_refresh_total"), { cluster, status });
  if (!reading?.ok) return;
  count(ours("publishing_discovery_secrets_total"), { cluster, status: "valid" }, reading.value.targets.length);
  count(ours("publishing_discovery_secrets_total"), { cluster, status: "invalid" }, reading.value.invalid.length);
};
