/** Reads Go's template language as far as notification templates use it, into a tree. What it means is go-template.ts. */
import { unquoteGo } from "../../alert/go-string.ts";
import { err, ok, type Result } from "../../result.ts";

export type Operand =
  /** `.A.B` of the dot (`root` null), of `$` (`root` ""), or of `$x` (`root` "x"). No fields: the thing itself. */
  | { readonly kind: "path"; readonly root: string | null; readonly fields: readonly string[] }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "pipe"; readonly pipe: Pipe; readonly fields: readonly string[] };
/** Each command is an operand, or a function and its arguments; the value of one is the last argument of the next. */
export type Pipe = readonly (readonly Operand[])[];

export type GoNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly pipe: Pipe }
  | { readonly kind: "assign"; readonly name: string; readonly pipe: Pipe }
  | { readonly kind: "if"; readonly branches: readonly Branch[]; readonly otherwise: readonly GoNode[] }
  | {
      readonly kind: "with";
      readonly pipe: Pipe;
      readonly body: readonly GoNode[];
      readonly otherwise: readonly GoNode[];
    }
  | {
      readonly kind: "range";
      readonly names: readonly string[];
      readonly pipe: Pipe;
      readonly body: readonly GoNode[];
      readonly otherwise: readonly GoNode[];
    };
export interface Branch {
  readonly pipe: Pipe;
  readonly body: readonly GoNode[];
}

/** Longer and deeper ones nobody writes by hand. */
const MAX_CHARACTERS = 20_000;
const MAX_DEPTH = 20;

class Refusal extends Error {}
const refuse = (message: string): never => {
  throw new Refusal(message);
};

type Piece = { readonly text: string } | { readonly action: string };

/** Texts and actions in turn. `{{-` and `-}}` have taken the blanks beside them away already. */
const split = (source: string): readonly Piece[] => {
  const pieces: Piece[] = [];
  const action = /\{\{(-\s)?\s*((?:\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|[^"`}]|\}(?!\}))*?)\s*(\s-)?\}\}/y;
  let at = 0;
  let trimsNext = false;
  for (;;) {
    const open = source.indexOf("{{", at);
    const text = source.slice(at, open < 0 ? undefined : open);
    action.lastIndex = Math.max(0, open);
    const found = open < 0 ? null : action.exec(source);
    if (open >= 0 && found === null) refuse("has an action without an end");
    const left = trimsNext ? text.trimStart() : text;
    pieces.push({ text: found?.[1] === undefined ? left : left.trimEnd() });
    if (found === null) return pieces;
    pieces.push({ action: found[2] ?? "" });
    trimsNext = found[3] !== undefined;
    at = action.lastIndex;
  }
};

const TOKEN =
  /\s+|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?<path>(?:\$\w*)?(?:\.[\p{L}_][\p{L}\p{N}_]*)+|\$\w*|\.)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<mark>:=|[=|(),])/uy;

interface Token {
  readonly kind: "string" | "number" | "path" | "name" | "mark" | "field";
  readonly text: string;
}

const tokenize = (action: string): readonly Token[] => {
  const tokens: Token[] = [];
  for (let at = 0; at < action.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(action) ?? refuse(`holds ${JSON.stringify(action.slice(at, at + 10))}`);
    const [kind, text] = Object.entries(found.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    if (text === undefined) continue;
    // A field right behind a closing parenthesis belongs to what is inside.
    const isField = kind === "path" && text.startsWith(".") && action[at - 1] === ")";
    tokens.push({ kind: isField ? "field" : (kind as Token["kind"]), text });
  }
  return tokens;
};

const readPath = (text: string): Operand => {
  const [head = "", ...fields] = text.split(".").filter((part, at) => part !== "" || at === 0);
  return { kind: "path", root: head.startsWith("$") ? head.slice(1) : null, fields };
};

const readOperand = (tokens: readonly Token[], at: number, depth: number): readonly [Operand, number] => {
  const token = tokens[at] ?? refuse("ends in the middle of an action");
  if (token.kind === "path") return [readPath(token.text), at + 1];
  if (token.kind === "number") return [{ kind: "literal", value: Number(token.text) }, at + 1];
  if (token.kind === "string") {
    const inner = token.text.slice(1, -1);
    const value = token.text.startsWith("`") ? inner : (unquoteGo(inner) ?? refuse("holds an escape that is none"));
    return [{ kind: "literal", value }, at + 1];
  }
  if (token.text === "(") {
    const [pipe, next] = readPipe(tokens, at + 1, depth + 1);
    if (tokens[next]?.text !== ")") refuse("has a parenthesis that is not closed");
    const field = tokens[next + 1];
    if (field?.kind !== "field") return [{ kind: "pipe", pipe, fields: [] }, next + 1];
    return [{ kind: "pipe", pipe, fields: field.text.split(".").slice(1) }, next + 2];
  }
  if (token.kind !== "name") refuse(`holds ${token.text} in an odd place`);
  if (token.text === "true" || token.text === "false") {
    return [{ kind: "literal", value: token.text === "true" }, at + 1];
  }
  return [{ kind: "name", name: token.text }, at + 1];
};

const readPipe = (tokens: readonly Token[], from: number, depth: number): readonly [Pipe, number] => {
  if (depth > MAX_DEPTH) refuse("is nested too deeply");
  const commands: Operand[][] = [[]];
  let at = from;
  for (;;) {
    const token = tokens[at];
    if (token === undefined || token.text === ")") break;
    if (token.kind === "mark" && token.text === "|") {
      commands.push([]);
      at++;
      continue;
    }
    const [operand, next] = readOperand(tokens, at, depth);
    commands.at(-1)?.push(operand);
    at = next;
  }
  if (commands.some((command) => command.length === 0)) refuse("has an empty action");
  return [commands, at];
};

const wholePipe = (tokens: readonly Token[]): Pipe => {
  const [pipe, end] = readPipe(tokens, 0, 0);
  return end === tokens.length ? pipe : refuse("has a parenthesis too many");
};

const variable = (token: Token | undefined): string | null =>
  token?.kind === "path" && /^\$\w+$/.test(token.text) ? token.text.slice(1) : null;

/** The tree of a template, or the end of a sentence that begins with "it". */
export const parseGoTemplate = (source: string): Result<readonly GoNode[], string> => {
  if (source.length > MAX_CHARACTERS) return err(`has more than ${MAX_CHARACTERS} characters`);
  try {
    const pieces = split(source);
    let next = 0;
    /** Nodes up to an action that ends or divides a block; `until` is that action. */
    const readBlock = (depth: number): { readonly nodes: readonly GoNode[]; readonly until: readonly Token[] } => {
      if (depth > MAX_DEPTH) refuse("is nested too deeply");
      const nodes: GoNode[] = [];
      while (next < pieces.length) {
        const piece = pieces[next++];
        if (piece === undefined) break;
        if ("text" in piece) {
          if (piece.text !== "") nodes.push({ kind: "text", text: piece.text });
          continue;
        }
        if (/^\/\*[\s\S]*\*\/$/.test(piece.action)) continue;
        const tokens = tokenize(piece.action);
        const word = tokens[0]?.kind === "name" ? tokens[0].text : "";
        if (word === "end" || word === "else") return { nodes, until: tokens };
        nodes.push(readAction(tokens, word, depth));
      }
      if (depth > 0) refuse("has a block without an end");
      return { nodes, until: [] };
    };
    const readRest = (until: readonly Token[], depth: number): readonly GoNode[] => {
      if (until[0]?.text === "end") return [];
      if (until.length > 1) refuse("has an else with a condition in an odd place");
      const { nodes, until: last } = readBlock(depth);
      return last[0]?.text === "end" ? nodes : refuse("has a second else");
    };
    const readIf = (tokens: readonly Token[], depth: number): GoNode => {
      const branches: Branch[] = [];
      let condition = tokens;
      for (;;) {
        const pipe = wholePipe(condition);
        const { nodes, until } = readBlock(depth);
        branches.push({ pipe, body: nodes });
        if (until[0]?.text === "else" && until[1]?.text === "if") condition = until.slice(2);
        else return { kind: "if", branches, otherwise: readRest(until, depth) };
      }
    };
    const readAction = (tokens: readonly Token[], word: string, depth: number): GoNode => {
      if (word === "if") return readIf(tokens.slice(1), depth + 1);
      if (word === "range" || word === "with") {
        const define = tokens.findIndex((token) => token.text === ":=");
        const names = tokens.slice(1, Math.max(1, define)).flatMap((token) => variable(token) ?? []);
        const pipe = wholePipe(tokens.slice(Math.max(1, define + 1)));
        if (word === "with" && names.length > 0) refuse("uses with and a variable");
        const { nodes: body, until } = readBlock(depth + 1);
        const otherwise = readRest(until, depth + 1);
        return word === "with"
          ? { kind: "with", pipe, body, otherwise }
          : { kind: "range", names, pipe, body, otherwise };
      }
      if (["define", "block", "template", "break", "continue"].includes(word)) refuse(`uses ${word}`);
      const name = variable(tokens[0]);
      if (name !== null && (tokens[1]?.text === ":=" || tokens[1]?.text === "=")) {
        return { kind: "assign", name, pipe: wholePipe(tokens.slice(2)) };
      }
      return { kind: "output", pipe: wholePipe(tokens) };
    };
    const { nodes, until } = readBlock(0);
    return until.length === 0 ? ok(nodes) : err(`has an ${until[0]?.text} without a beginning`);
  } catch (thrown) {
    if (thrown instanceof Refusal) return err(thrown.message);
    throw thrown;
  }
};
