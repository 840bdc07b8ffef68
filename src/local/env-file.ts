/** Variables as the env file that wrangler reads, so that no secret shows on a command line. */
import { err, ok, type Result } from "../core/result.ts";

/** One line. wrangler expands `$` even inside quotes, and a quoted value may not hold its own quote. */
const line = (name: string, value: string): string | null => {
  const quote = ["'", "`", '"'].find((candidate) => !value.includes(candidate));
  if (quote === undefined || /[\r\n]/.test(value)) return null;
  return `${name}=${quote}${value.replaceAll("$", "\\$")}${quote}`;
};

/** The file's text, or a sentence naming the variable that cannot be written. */
export const writeEnvFile = (variables: Readonly<Record<string, string>>): Result<string, string> => {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const text = line(name, value);
    if (text === null) return err(`${name} holds a line break or all three kinds of quotes`);
    lines.push(text);
  }
  return ok(`${lines.join("\n")}\n`);
};
