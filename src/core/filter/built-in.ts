/** The filter rules present at start (contracts 7.6); an operator's rule of the same name replaces one. */
import type { FilterRuleJson } from "./rules.ts";

export const BUILT_IN_RULES: readonly FilterRuleJson[] = [
  {
    name: "allow_critical_alerts",
    priority: 1,
    enabled: true,
    action: "allow",
    conditions: { effective_severity: ["critical"] },
  },
  {
    name: "high_confidence_only",
    priority: 5,
    enabled: false,
    action: "allow",
    conditions: { llm_confidence_above: 0.7 },
  },
  { name: "block_noise_alerts", priority: 10, enabled: true, action: "deny", conditions: { llm_severity: ["noise"] } },
  {
    name: "block_test_alerts",
    priority: 25,
    enabled: false,
    action: "deny",
    conditions: { alert_name_pattern: "(?i)test.*" },
  },
  {
    name: "block_test_environments",
    priority: 26,
    enabled: false,
    action: "deny",
    conditions: { matchers: ['environment=~"test|testing"'] },
  },
  {
    name: "block_test_namespaces",
    priority: 30,
    enabled: false,
    action: "deny",
    conditions: { namespace_pattern: "dev-sandbox|tmp|test(ing)?(-.*)?" },
  },
];
