/** What changed between two texts, line by line: for people who are about to put a document in force. */

export interface DiffLine {
  readonly change: "same" | "added" | "removed";
  readonly text: string;
}

/** Comparing needs lines × lines cells; beyond this, two texts are shown as replaced whole. */
const MAX_CELLS = 4_000_000;

/** The shortest way from one text to the other, in order. */
export const diffLines = (before: string, after: string): readonly DiffLine[] => {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const line =
    (change: DiffLine["change"]) =>
    (text: string): DiffLine => ({ change, text });
  const middle = diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...a.slice(0, start).map(line("same")), ...middle, ...a.slice(a.length - end).map(line("same"))];
};

const diffMiddle = (a: readonly string[], b: readonly string[]): readonly DiffLine[] => {
  const removed = a.map((text): DiffLine => ({ change: "removed", text }));
  const added = b.map((text): DiffLine => ({ change: "added", text }));
  if (a.length === 0 || b.length === 0 || a.length * b.length > MAX_CELLS) return [...removed, ...added];
  const width = b.length + 1;
  // Length of the longest common rest from every pair of positions on.
  const rest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => rest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      rest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ change: "same", text: a[i] ?? "" });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) lines.push(removed[i++] as DiffLine);
    else lines.push(added[j++] as DiffLine);
  }
  return lines;
};
