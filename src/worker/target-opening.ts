/**
 * A stored definition made a target again. What cannot be read as it is stays a target all the same: it would otherwise be
 * gone, and what is to be told through it with it, for want of a key or by a stricter rule.
 */
import type { Target, TargetDefect } from "../core/route/target.ts";
import { standIn, type TargetOutline } from "../core/route/target-outline.ts";
import { readTarget, type TargetReadOptions } from "../core/route/target-read.ts";
import { targetPolicy } from "./address.ts";
import type { Bindings } from "./env.ts";
import { type SealError, unseal } from "./seal.ts";

export interface OpenedTarget {
  readonly target: Target;
  /** Why it is not as it was defined; null: it is. An address that is not allowed any more is refused when it is used. */
  readonly defect: SealError | TargetDefect["reason"] | null;
  /** False: `target` only stands for it, and what it is to be told waits. */
  readonly isWhole: boolean;
}

interface SealedTarget {
  readonly name: string;
  readonly sealed: string;
  readonly owner: string;
  readonly outline?: TargetOutline;
}

const ANYWHERE = { allowPrivate: true, allowPorts: true, allowHttpHosts: true } as const;

export const openTarget = async (
  env: Bindings,
  { name, sealed, owner, outline }: SealedTarget,
): Promise<OpenedTarget> => {
  const text = await unseal(env.ENCRYPTION_KEYS, owner, sealed);
  if (!text.ok) return { target: standIn(name, outline), defect: text.error, isWhole: false };
  const json: unknown = JSON.parse(text.value);
  const policy: TargetReadOptions = targetPolicy(env);
  const read = readTarget(json, policy);
  if (read.ok) return { target: read.value, defect: null, isWhole: true };
  const defect = read.error.reason;
  const elsewhere = readTarget(json, { ...policy, ...ANYWHERE });
  return elsewhere.ok
    ? { target: elsewhere.value, defect, isWhole: true }
    : { target: standIn(name, outline), defect, isWhole: false };
};
