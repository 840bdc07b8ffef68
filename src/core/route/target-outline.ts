/**
 * What may lie beside an encrypted definition in the clear: whom a target is told of. With it alerts are decided right, and
 * wait, also while no key opens the rest.
 */
import type { Target, TargetFilter } from "./target.ts";

type Told = Pick<Target, "type" | "format" | "enabled" | "priority" | "sendResolved" | "per">;

/** Only what differs from the defaults: a thousand of them share one stored value. */
export type TargetOutline = Partial<Told> & { readonly filter?: Partial<TargetFilter> };

const DEFAULTS: Told = {
  type: "webhook",
  format: "webhook",
  enabled: true,
  priority: 100,
  sendResolved: true,
  per: null,
};
const NO_FILTER: TargetFilter = {
  severity: [],
  namespaces: [],
  excludeNoise: false,
  minConfidence: null,
  alertNamePattern: null,
};

const differing = <T extends object>(value: T, defaults: T): Partial<T> =>
  Object.fromEntries(
    (Object.keys(defaults) as (keyof T)[])
      .filter((key) => JSON.stringify(value[key]) !== JSON.stringify(defaults[key]))
      .map((key) => [key, value[key]]),
  ) as Partial<T>;

export const outlineOf = (target: Target): TargetOutline => {
  const filter = differing(target.filter, NO_FILTER);
  return { ...differing<Told>(target, DEFAULTS), ...(Object.keys(filter).length === 0 ? {} : { filter }) };
};

/** Stands for a target that cannot be opened: it has neither address nor credentials, so nothing can be sent to it. */
export const standIn = (name: string, { filter, ...told }: TargetOutline = {}): Target => ({
  ...DEFAULTS,
  ...told,
  name,
  url: "",
  timeoutSeconds: 10,
  retryWindowSeconds: 86_400,
  headers: {},
  filter: { ...NO_FILTER, ...filter },
  credentials: {},
  options: {},
  description: "",
  metadata: {},
});
