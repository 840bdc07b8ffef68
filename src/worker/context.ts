/** Fetches what a decision depends on. */
import type { Context } from "../core/pipeline.ts";
import type { Bindings } from "./env.ts";
import { registry } from "./registry.ts";

/** Base of links in notifications; a deployment without PUBLIC_URL has only relative ones. */
export const publicUrl = (env: Bindings): string => (env.PUBLIC_URL ?? "").replace(/\/+$/, "");

export const loadContext = async (env: Bindings, now: number): Promise<Context> => ({
  now,
  targets: (await registry(env).list()).map((entry) => entry.target),
  publicUrl: publicUrl(env),
  mode: "transparent",
  configVersion: null,
});
