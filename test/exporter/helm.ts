/**
 * Renders the Go templates of our chart, and refuses whatever of that language the chart does not use: `if`, `else`,
 * `range`, pipelines and the few functions below. Helm itself is a Go program and not at hand in every test run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";

type Scope = { readonly dot: unknown; readonly root: unknown; readonly variables: Readonly<Record<string, unknown>> };
type Node = string | { readonly action: string; readonly body: Node[]; readonly otherwise: Node[] };

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  value === false ||
  value === 0 ||
  (typeof value === "object" && Object.keys(value).length === 0);

const FUNCTIONS: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  default: (fallback, value) => (isEmpty(value) ? fallback : value),
  list: (...items) => items,
  quote: (value) => JSON.stringify(String(value)),
  toJson: (value) => JSON.stringify(value),
  required: (message, value) => {
    if (isEmpty(value)) throw new Error(String(message));
    return value;
  },
};

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], value);

const evaluate = (text: string, scope: Scope): unknown => {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[()|]|[^\s()|]+/g) ?? [];
  const pipeline = (): unknown => {
    let value: unknown;
    for (let isFirst = true; isFirst || tokens[0] === "|"; isFirst = false) {
      if (!isFirst) tokens.shift();
      const terms: unknown[] = [];
      const name = tokens[0] !== undefined && /^[a-z]\w*$/i.test(tokens[0]) ? tokens.shift() : undefined;
      while (tokens.length > 0 && tokens[0] !== "|" && tokens[0] !== ")") terms.push(term());
      if (!isFirst) terms.push(value);
      const call = name === undefined ? undefined : FUNCTIONS[name];
      if (name !== undefined && call === undefined) throw new Error(`unknown function ${name}`);
      if (call === undefined && terms.length !== 1) throw new Error(`cannot evaluate ${text}`);
      value = call === undefined ? terms[0] : call(...terms);
    }
    return value;
  };
  const term = (): unknown => {
    const token = tokens.shift() ?? "";
    if (token === "(") {
      const value = pipeline();
      tokens.shift();
      return value;
    }
    if (token.startsWith('"')) return JSON.parse(token);
    if (token === ".") return scope.dot;
    if (token.startsWith("$.")) return at(scope.root, token.slice(2).split("."));
    if (token.startsWith("$")) return scope.variables[token];
    if (token.startsWith(".")) return at(scope.dot, token.slice(1).split("."));
    throw new Error(`cannot evaluate ${token}`);
  };
  return pipeline();
};

const parseTemplate = (template: string): Node[] => {
  const root: Node[] = [];
  const stack: { node: Exclude<Node, string>; into: Node[] }[] = [];
  const into = (): Node[] => stack.at(-1)?.into ?? root;
  const trimmed = template.replace(/\s*\{\{-/g, "{{").replace(/-\}\}\s*/g, "}}");
  for (const part of trimmed.split(/(\{\{.*?\}\})/)) {
    const action = /^\{\{\s*(.*?)\s*\}\}$/.exec(part)?.[1];
    if (action === undefined) into().push(part);
    else if (/^(if|range) /.test(action)) {
      const node = { action, body: [], otherwise: [] };
      into().push(node);
      stack.push({ node, into: node.body });
    } else if (action === "else") {
      const top = stack.at(-1);
      if (top !== undefined) top.into = top.node.otherwise;
    } else if (action === "end") stack.pop();
    else into().push({ action, body: [], otherwise: [] });
  }
  return root;
};

const renderNodes = (nodes: readonly Node[], scope: Scope): string =>
  nodes
    .map((node) => {
      if (typeof node === "string") return node;
      const [, keyword, names, expression = node.action] = /^(if|range) (?:(.*?) := )?(.*)$/.exec(node.action) ?? [];
      const value = evaluate(expression, scope);
      if (keyword === undefined) return String(value ?? "");
      if (keyword === "if") return renderNodes(isEmpty(value) ? node.otherwise : node.body, scope);
      return Object.entries(value as object)
        .map(([key, dot]) => {
          const [keyName = "", valueName = ""] = names?.split(", ") ?? [];
          return renderNodes(node.body, { ...scope, dot, variables: { [keyName]: key, [valueName]: dot } });
        })
        .join("");
    })
    .join("");

/** The objects of the chart, with `values` over those of the chart. */
export const renderChart = (chart: string, values: Record<string, unknown>): Record<string, unknown>[] => {
  const defaults = parse(readFileSync(join(chart, "values.yaml"), "utf8")) as Record<string, unknown>;
  const { appVersion } = parse(readFileSync(join(chart, "Chart.yaml"), "utf8")) as { appVersion: string };
  for (const key of Object.keys(values)) if (!Object.hasOwn(defaults, key)) throw new Error(`no value ${key}`);
  const root = {
    Values: { ...defaults, ...values },
    Release: { Name: "exporter", Namespace: "alert-targets" },
    Chart: { AppVersion: appVersion },
  };
  return readdirSync(join(chart, "templates")).flatMap((name) => {
    const nodes = parseTemplate(readFileSync(join(chart, "templates", name), "utf8"));
    return parseAllDocuments(renderNodes(nodes, { dot: root, root, variables: {} })).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(`${name}: ${document.errors[0]?.message}`);
      return document.contents === null ? [] : [document.toJS() as Record<string, unknown>];
    });
  });
};
