/** Where targets may be in this deployment, and the parser that core has no name for. */
import type { TargetReadOptions } from "../core/route/target-read.ts";
import type { Bindings } from "./env.ts";

/** Only a run that says it is local may relax the rule; a deployed one cannot, whatever its variables say. */
export const allowsPrivate = (env: Bindings): boolean =>
  env.ALLOW_PRIVATE_TARGETS === "local" && env.ENVIRONMENT === "local";

/** The variable that must not be set here, or null. Readiness names it, so that such a deployment is noticed at once. */
export const unsafeVariable = (env: Bindings): "ALLOW_PRIVATE_TARGETS" | null =>
  (env.ALLOW_PRIVATE_TARGETS ?? "") !== "" && env.ALLOW_PRIVATE_TARGETS !== "false" && env.ENVIRONMENT !== "local"
    ? "ALLOW_PRIVATE_TARGETS"
    : null;

export const targetPolicy = (env: Bindings): TargetReadOptions => ({
  parseUrl: (text) => URL.parse(text),
  allowPrivate: allowsPrivate(env),
  allowPorts: allowsPrivate(env),
  allowHttpHosts: allowsPrivate(env)
    ? true
    : (env.ALLOW_HTTP_TARGETS ?? "")
        .split(",")
        .map((host) => host.trim())
        .filter((host) => host !== ""),
});

/** Exporters are the operator's own, on any port, but plain http and private addresses are for local runs only. */
export const exporterPolicy = (env: Bindings): TargetReadOptions => ({
  ...targetPolicy(env),
  allowHttpHosts: allowsPrivate(env),
  allowPorts: true,
});
