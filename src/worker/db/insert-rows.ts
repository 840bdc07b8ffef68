/** Many rows in few statements: each takes them as one JSON parameter, because a statement has only 100 parameters. */

/** A JSON parameter may have 2 MB; rows are spread over several statements of the same batch above this. */
const MAX_PARAMETER_CHARS = 500_000;

/**
 * Rows as `INSERT … SELECT` from JSON arrays, in as few statements as the parameter size allows. `derived` names columns
 * that the statement computes itself, from `value`, the row as a JSON array.
 */
export const insertRows = (
  db: D1Database,
  head: string,
  tail: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
  derived: Readonly<Record<string, string>> = {},
): D1PreparedStatement[] => {
  const select = [...columns.map((_, i) => `value->>${i}`), ...Object.values(derived)].join(",");
  const statement = `${head} (${[...columns, ...Object.keys(derived)].join(",")}) SELECT ${select} FROM json_each(?1) WHERE true ${tail}`;
  const runs: string[][] = [[]];
  let size = 0;
  for (const text of rows.map((row) => JSON.stringify(row))) {
    if (size + text.length > MAX_PARAMETER_CHARS && runs.at(-1)!.length > 0) {
      runs.push([]);
      size = 0;
    }
    runs.at(-1)!.push(text);
    size += text.length;
  }
  return rows.length === 0 ? [] : runs.map((run) => db.prepare(statement).bind(`[${run.join(",")}]`));
};
