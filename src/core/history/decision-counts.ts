/** Prefixes of the hourly counts that come from decisions; what follows is a mode, reason, action or rule name. */
export const DECISION_COUNTS = {
  mode: "m:",
  classifiedBy: "k:",
  filter: "fa:",
  rule: "fr:",
  shadow: "x:",
} as const;
