/** Which part of the product a route belongs to: the headings of the API's documentation, in their order. */

/** The first whose beginning fits has the route. */
const GROUPS: readonly (readonly [name: string, begins: readonly string[]])[] = [
  ["Send alerts", ["/webhook", "/api/v1/receipts", "/api/v1/sources"]],
  ["Alertmanager's API", ["/api/v2/"]],
  ["History", ["/history", "/report", "/api/v1/alerts", "/api/v1/incidents", "/api/v1/longest", "/api/v1/volume"]],
  ["Silences", ["/api/v1/silences"]],
  ["Routing", ["/api/v1/config", "/api/v1/routes", "/api/v1/explain", "/proxy/"]],
  ["Classification", ["/classification", "/enrichment", "/api/v1/classification-report"]],
  ["Targets", ["/api/v1/targets", "/publishing/targets", "/publishing/secrets"]],
  ["Deliveries", ["/api/v1/notifications", "/api/v1/dead-letters", "/api/v1/delivery-times", "/publishing"]],
  ["Dashboard", ["/api/dashboard", "/api/v1/live", "/api/v1/senders", "/api/v1/session"]],
  ["Tokens and audit", ["/api/v1/tokens", "/api/v1/audit"]],
  ["Health", ["/healthz", "/readyz", "/metrics", "/-/", "/api/openapi.json"]],
];

export const GROUP_NAMES = GROUPS.map(([name]) => ({ name }));

export const groupOf = (path: string): string =>
  GROUPS.find(([, begins]) => begins.some((begin) => path.startsWith(begin)))?.[0] ?? "Other";
