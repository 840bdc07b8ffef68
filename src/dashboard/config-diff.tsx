/** What one document changes of another, line by line, with a few lines around each change. */
import type { Applied } from "./types.ts";

/** Unchanged lines shown around a changed one. */
const CONTEXT = 3;
const MARK = { same: " ", added: "+", removed: "-" };

export const Diff = ({ of }: { readonly of: Applied["diff"] }) => {
  const near = (index: number): boolean =>
    of.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ change }) => change !== "same");
  const lines = of.map((line, index) => ({ ...line, index })).filter(({ index }) => near(index));
  if (lines.length === 0) return <p class="notice">It changes nothing.</p>;
  return (
    <pre class="diff">
      {lines.map(({ change, text, index }, i) => (
        <span key={index}>
          {i > 0 && index !== (lines[i - 1]?.index ?? 0) + 1 && <span class="dim">{"…\n"}</span>}
          <span class={change}>
            {MARK[change]} {text}
            {"\n"}
          </span>
        </span>
      ))}
    </pre>
  );
};
