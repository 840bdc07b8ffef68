/** Which part of a list is wanted: by cursor, or by number for old clients, on the first 10 000 rows (contracts 1.2). */
import { type Defect, err, ok, type Result } from "../result.ts";
import { SORT_FIELDS, type SortField } from "./query.ts";

export const MAX_LIMIT = 1000;
/** Pages are numbered only this far; a cursor goes on from there. */
export const MAX_OFFSET = 10_000;

export interface Paging {
  readonly limit: number;
  readonly cursor: string | null;
  /** null: not asked for by number. */
  readonly offset: number | null;
  readonly sort: SortField;
  readonly descending: boolean;
}

const SORT_NAMES: Readonly<Record<string, SortField>> = { created_at: "received_at", updated_at: "received_at" };

/** Reads `cursor`, or `limit` with `offset`, or `page` with `per_page`; never both of the last two. */
export const readPaging = (
  parameters: readonly (readonly [name: string, value: string])[],
  defaultLimit: number,
): Result<Paging, readonly Defect[]> => {
  const given = new Map(parameters);
  const defects: Defect[] = [];
  const whole = (name: string, min: number, max: number): number | null => {
    const text = given.get(name);
    if (text === undefined) return null;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    defects.push({ path: `query.${name}`, message: `must be a whole number from ${min} to ${max}` });
    return null;
  };
  const page = whole("page", 1, MAX_OFFSET);
  const perPage = whole("per_page", 1, MAX_LIMIT) ?? whole("page_size", 1, MAX_LIMIT);
  const ownLimit = whole("limit", 1, MAX_LIMIT);
  const ownOffset = whole("offset", 0, MAX_OFFSET);
  const cursor = given.get("cursor") ?? null;
  if ((page ?? perPage) !== null && (ownLimit ?? ownOffset) !== null) {
    defects.push({ path: "query.page", message: "goes with per_page, not with limit and offset" });
  }
  const limit = perPage ?? ownLimit ?? defaultLimit;
  const offset = page === null ? ownOffset : (page - 1) * limit;
  if (offset !== null && offset > MAX_OFFSET) {
    defects.push({ path: "query.page", message: `only the first ${MAX_OFFSET} rows have page numbers; use cursor` });
  }
  if (cursor !== null && offset !== null) {
    defects.push({ path: "query.cursor", message: "goes without page and offset" });
  }
  const field = given.get("sort_field") ?? "received_at";
  const sort =
    SORT_FIELDS.find((name) => name === field) ?? (Object.hasOwn(SORT_NAMES, field) ? SORT_NAMES[field] : undefined);
  if (sort === undefined)
    defects.push({ path: "query.sort_field", message: `must be one of ${SORT_FIELDS.join(", ")}` });
  else if (sort !== "received_at" && cursor !== null) {
    defects.push({ path: "query.sort_field", message: "only lists by time have cursors" });
  }
  const order = (given.get("sort_order") ?? "desc").toLowerCase();
  if (order !== "asc" && order !== "desc") defects.push({ path: "query.sort_order", message: "must be asc or desc" });
  if (defects.length > 0) return err(defects);
  return ok({ limit, cursor, offset, sort: sort ?? "received_at", descending: order === "desc" });
};

/** The body of a search as the parameters of the list: one meaning, two ways to write it. */
export const searchParameters = (body: {
  readonly query?: string | undefined;
  readonly filters?: Readonly<Record<string, unknown>> | undefined;
  readonly pagination?: Readonly<Record<string, unknown>> | undefined;
  readonly sorting?: Readonly<Record<string, unknown>> | undefined;
}): [string, string][] => {
  const flat = (name: string, value: unknown): [string, string][] => {
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return value.flatMap((item) => flat(name, item));
    if (typeof value === "object") return Object.entries(value).flatMap(([key, item]) => flat(`${name}[${key}]`, item));
    return [[name, String(value)]];
  };
  const sorting = body.sorting ?? {};
  return [
    ...flat("search", body.query),
    ...Object.entries({ ...body.filters, ...body.pagination }).flatMap(([name, value]) => flat(name, value)),
    ...flat("sort_field", sorting["sort_field"] ?? sorting["field"]),
    ...flat("sort_order", sorting["sort_order"] ?? sorting["order"]),
  ];
};
