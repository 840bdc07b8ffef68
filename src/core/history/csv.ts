/** One line of CSV (RFC 4180) that a spreadsheet shows as text. */

/** A cell that begins so is a formula to spreadsheets, and labels come from outside. */
const FORMULA = /^[=+\-@\t\r]/;

const cell = (text: string): string => {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const csvRow = (cells: readonly string[]): string => `${cells.map(cell).join(",")}\r\n`;
