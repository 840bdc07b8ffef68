/** Filter rules (contracts 7): those present at start, those of the document, and the operator's own, which win. */
import { createRoute, z } from "@hono/zod-openapi";
import { BUILT_IN_RULES } from "../../core/filter/built-in.ts";
import { compileFilterRule, type FilterRuleJson, filterRuleSchema } from "../../core/filter/rules.ts";
import { putRule, readRules, removeRule } from "../db/filter-rules.ts";
import { readDecisionCounts } from "../decision-counts.ts";
import { routes, scoped } from "../http.ts";
import { noteChange } from "../live.ts";
import { refuse } from "../problem.ts";
import { forgetSettings, loadSettings } from "../settings.ts";
import { timeOrNull } from "../views.ts";

const Shown = z.object({
  name: z.string(),
  action: z.string(),
  priority: z.number(),
  enabled: z.boolean(),
  target_name: z.string().nullable(),
  delay_seconds: z.number().nullable(),
  conditions: z.record(z.string(), z.unknown()),
  origin: z.enum(["built_in", "document", "stored"]),
  /** Within the last 24 hours. */
  hits: z.number(),
  /** To the hour. */
  last_hit: z.string().nullable(),
});
type Rule = Omit<z.infer<typeof Shown>, "hits" | "last_hit">;

const keyOf = ({ name, target_name }: Rule): string => `${name}\n${target_name ?? ""}`;

const fromJson =
  (origin: Rule["origin"]) =>
  (rule: FilterRuleJson): Rule => ({
    name: rule.name,
    action: rule.action,
    priority: rule.priority,
    enabled: rule.enabled,
    target_name: rule.target_name ?? null,
    delay_seconds: rule.delay_seconds ?? rule.conditions.delay_seconds ?? null,
    conditions: { ...rule.conditions },
    origin,
  });

/** Every rule that counts, in the order they are asked. */
const listRules = async (env: Parameters<typeof loadSettings>[0], now: number): Promise<Rule[]> => {
  const [settings, own] = await Promise.all([loadSettings(env, now), readRules(env.DB)]);
  const inDocument = (settings.config?.filters ?? []).map(({ json }) => fromJson("document")(json));
  const all = [...BUILT_IN_RULES.map(fromJson("built_in")), ...inDocument, ...own.map(fromJson("stored"))];
  return [...new Map(all.map((rule) => [keyOf(rule), rule])).values()].toSorted(
    (a, b) =>
      a.priority - b.priority ||
      Number(a.target_name === null) - Number(b.target_name === null) ||
      (a.name < b.name ? -1 : 1),
  );
};

export const filterRoutes = routes()
  .openapi(
    createRoute({
      method: "get",
      path: "/proxy/filters/rules",
      summary: "Filter rules with their hits of the last day",
      ...scoped("read"),
      request: {
        query: z.object({ target_name: z.string().optional(), enabled: z.enum(["true", "false"]).optional() }),
      },
      responses: {
        200: {
          description: "Rules in the order they are asked",
          content: { "application/json": { schema: z.object({ rules: z.array(Shown), count: z.number() }) } },
        },
      },
    }),
    async (c) => {
      const { target_name, enabled } = c.req.valid("query");
      const now = Date.now();
      const [all, counts] = await Promise.all([listRules(c.env, now), readDecisionCounts(c.env.DB, now)]);
      const rules = all
        .filter((rule) => target_name === undefined || rule.target_name === target_name)
        .filter((rule) => enabled === undefined || String(rule.enabled) === enabled)
        .map((rule) => ({
          ...rule,
          hits: Object.hasOwn(counts.rules, rule.name) ? (counts.rules[rule.name] ?? 0) : 0,
          last_hit: timeOrNull(counts.lastHit(rule.name)),
        }));
      return c.json({ rules, count: rules.length }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/proxy/filters/rules",
      summary: "Store a rule; one of the same name and target is replaced",
      ...scoped("admin"),
      request: {
        body: { required: true, content: { "application/json": { schema: z.record(z.string(), z.unknown()) } } },
      },
      responses: {
        200: { description: "Replaced" },
        201: { description: "New" },
        422: { description: "A condition that cannot be read, or none" },
      },
    }),
    async (c) => {
      const body = c.req.valid("json");
      const compiled = compileFilterRule(body);
      if (!compiled.ok) {
        const detail = compiled.error.map(({ path, message }) => `${path} ${message}`).join("; ");
        return refuse(c, "validation", detail, { errors: compiled.error });
      }
      const rule = filterRuleSchema.parse(body);
      const replaced = await putRule(c.env.DB, rule, c.var.caller.name, Date.now());
      forgetSettings();
      noteChange("filter", rule.name, replaced ? "changed" : "added");
      const message = replaced ? "rule replaced" : "rule stored";
      return c.json({ message, rule: fromJson("stored")(rule) }, replaced ? 200 : 201);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/proxy/filters/rules/{name}",
      summary: "Remove a stored rule; one present at start is switched off by storing it with enabled: false",
      ...scoped("admin"),
      request: {
        params: z.object({ name: z.string().max(64) }),
        query: z.object({ target_name: z.string().max(63).optional() }),
      },
      responses: { 200: { description: "Removed" }, 404: { description: "No stored rule of that name and target" } },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      const target = c.req.valid("query").target_name ?? "";
      const removed = await removeRule(c.env.DB, name, target, c.var.caller.name, Date.now());
      if (!removed) return refuse(c, "not-found", `no stored rule ${name}`);
      forgetSettings();
      noteChange("filter", name, "removed");
      return c.json({ message: "rule removed", name }, 200);
    },
  );
