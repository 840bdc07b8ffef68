/** State that lives in the address, so that every view can be sent to a colleague and Back undoes it. */
import { useLocation } from "preact-iso/router";

export type Query = Readonly<Record<string, string>>;
/** null removes a parameter. */
export type Change = Readonly<Record<string, string | null>>;

export const hrefWith = (path: string, query: Query, change: Change = {}): string => {
  const merged = Object.entries({ ...query, ...change }).filter(
    (pair): pair is [string, string] => pair[1] !== null && pair[1] !== "",
  );
  return merged.length === 0 ? path : `${path}?${new URLSearchParams(merged)}`;
};

export const useQuery = (): {
  readonly query: Query;
  readonly path: string;
  /** Changes parameters of the page; `replace` where Back should not stop at it, as while typing. */
  readonly change: (change: Change, replace?: boolean) => void;
  readonly go: (href: string) => void;
} => {
  const { path, query, route } = useLocation();
  return {
    path,
    query,
    change: (change, replace = false) => route(hrefWith(path, query, change), replace),
    go: (href) => route(href),
  };
};

/** The part of the address that goes along from page to page. */
export const carried = (query: Query): Query =>
  Object.fromEntries(Object.entries(query).filter(([key]) => ["range", "from", "to"].includes(key)));
