/** The pages, in the order of the navigation; `key` follows `g`. */
export const PAGES = [
  { path: "/", title: "Overview", key: "o" },
  { path: "/alerts", title: "Alerts", key: "a" },
  { path: "/incidents", title: "Incidents", key: "i" },
  { path: "/targets", title: "Targets", key: "t" },
  { path: "/deliveries", title: "Deliveries", key: "d" },
  { path: "/dead-letters", title: "Dead letters", key: "x" },
  { path: "/classification", title: "Classification", key: "c" },
  { path: "/routing", title: "Routing", key: "r" },
  { path: "/silences", title: "Silences", key: "s" },
  { path: "/settings", title: "Settings", key: "e" },
] as const;

export type PagePath = (typeof PAGES)[number]["path"];
