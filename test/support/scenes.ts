/** The words of acceptance: a sentence, a document, what happens, and what the targets then have heard. */
import { readConfig } from "../../src/core/route/config.ts";
import type { RoutingConfig } from "../../src/core/route/routing.ts";
import type { Heard, World, WorldOptions } from "./world.ts";

export const config = (yaml: string): RoutingConfig => {
  const read = readConfig(yaml);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value.config;
};
/** A document with one receiver; `route` and the rest are added as they are. */
export const grouped = (route: string, rest = ""): RoutingConfig =>
  config(
    `route:\n  receiver: team\n  group_by: [alertname]\n  group_wait: 30s\n  group_interval: 5m\n  repeat_interval: 4h\n${route}receivers:\n  - name: team\n    targets: [slack]\n  - name: pager\n    targets: [pagerduty]\n${rest}`,
  );
export const direct = (rest = ""): RoutingConfig =>
  config(
    `route:\n  receiver: team\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\nreceivers:\n  - name: team\n    targets: [slack]\n${rest}`,
  );

export const CPU = (instance: string, more: Record<string, string> = {}) => ({
  alertname: "HighCPU",
  instance,
  ...more,
});
export const line = ({ at, target, reason, firing, resolved }: Heard): string =>
  `${at}s ${target} ${reason} +[${firing.join(" ")}] -[${resolved.join(" ")}]`;

export type Play = (world: World) => World;
export const scene = (
  sentence: string,
  document: RoutingConfig,
  play: Play,
  want: string[],
  options?: WorldOptions,
): [string, RoutingConfig, Play, string[], WorldOptions | undefined] => [sentence, document, play, want, options];
