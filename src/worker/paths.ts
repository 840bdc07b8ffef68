/** One trailing slash is ignored and older addresses go on working, both without a redirect (contracts 1.2, 2). */

export const ALIASES: readonly (readonly [from: RegExp, to: string])[] = [
  [/^\/proxy\/webhook$/, "/webhook/proxy"],
  [/^\/proxy\/targets\/refresh$/, "/publishing/targets/refresh"],
  [/^\/(webhook\/health|health|-\/healthy)$/, "/healthz"],
  [/^\/-\/ready$/, "/readyz"],
  [/^\/api\/v[12]\/publishing\//, "/publishing/"],
  [/^\/api\/v2\/(history|report|classification|enrichment)(?=\/|$)/, "/$1"],
  [/^\/(docs|redoc|api\/redoc)$/, "/api/docs"],
];

/** The path the routes know. */
export const canonicalPath = (path: string): string => {
  const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  const alias = ALIASES.find(([from]) => from.test(trimmed));
  return alias === undefined ? trimmed : trimmed.replace(alias[0], alias[1]);
};

/** Where senders post again and again: nothing to look up. */
const FREQUENT: readonly string[] = ["/webhook", "/api/v2/alerts"];

const isFrequent = (url: string): boolean => FREQUENT.includes(url.slice(url.indexOf("/", url.indexOf("//") + 2)));

/** The same request at its canonical path. */
export const canonicalRequest = (request: Request): Request => {
  if (isFrequent(request.url)) return request;
  const url = new URL(request.url);
  const path = canonicalPath(url.pathname);
  if (path === url.pathname) return request;
  url.pathname = path;
  return new Request(url, request);
};
