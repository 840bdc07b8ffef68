/** Which AlertShard an alert lives in: one Alertmanager group shares its alertname, so it touches one shard. */

import type { Labels } from "../core/alert/alert.ts";
import { fingerprint } from "../core/alert/fingerprint.ts";
import type { Bindings } from "./env.ts";
import type { AlertShard } from "./objects/alert-shard.ts";
import { numberOf } from "./variables.ts";

export const shardCount = (env: Bindings): number => numberOf(env, "ALERT_SHARDS");

/** By the hash of the alertname, or of all labels where there is none. */
export const shardName = (env: Bindings, labels: Labels): string => {
  const name = labels["alertname"];
  const hash = fingerprint(name === undefined ? labels : { alertname: name });
  return `shard-${Number.parseInt(hash.slice(-8), 16) % shardCount(env)}`;
};

export const shardOf = (env: Bindings, name: string): DurableObjectStub<AlertShard> => env.SHARDS.getByName(name);

export const allShards = (env: Bindings): string[] => Array.from({ length: shardCount(env) }, (_, i) => `shard-${i}`);
