/**
 * Go templates of an Alertmanager configuration as Liquid, for the functions people commonly use. What has no simple
 * counterpart is refused with its reason, and the target then speaks in our own format. The data has the same names on
 * both sides (`.CommonLabels.alertname` is `CommonLabels.alertname`).
 */
import { err, ok, type Result } from "../../result.ts";
import { type GoNode, parseGoTemplate } from "./go-template-parse.ts";
import { expressions, MAPS, quote, Refusal, type Scope } from "./go-template-value.ts";

/** Text to show, or a Liquid tag or output. */
export interface Segment {
  readonly kind: "text" | "tag";
  readonly text: string;
}

/** Translates one template; it counts the variables it makes. */
const translator = () => {
  const out: Segment[] = [];
  let made = 0;
  const tag = (text: string): void => void out.push({ kind: "tag", text });
  const { pipeValue, show, settle, isTrue, condition } = expressions(tag);

  const range = (node: Extract<GoNode, { kind: "range" }>, scope: Scope): void => {
    const source = pipeValue(node.pipe, scope);
    const lastField = source.base.split(".").at(-1) ?? "";
    const isMap = source.filters.length === 0 && MAPS.includes(lastField);
    const list = settle(isMap ? { base: source.base, filters: ["sortedPairs"] } : source);
    const isAlerts = /(?:^|\.)Alerts(?:\.(?:Firing|Resolved))?$/.test(list);
    const item = `${isAlerts ? "alert" : "item"}${++made}`;
    const value = isMap ? `${item}.Value` : item;
    const variables = new Map(scope.variables);
    const [first, second] = node.names;
    if (second !== undefined) {
      variables.set(second, value);
      if (first !== undefined && isMap) variables.set(first, `${item}.Name`);
      if (first !== undefined && !isMap) variables.set(first, `index${item}`);
    } else if (first !== undefined) variables.set(first, value);
    tag(`{% for ${item} in ${list} %}`);
    if (first !== undefined && second !== undefined && !isMap) tag(`{% assign index${item} = forloop.index0 %}`);
    write(node.body, { dot: value, variables });
    if (node.otherwise.length > 0) {
      tag("{% else %}");
      write(node.otherwise, scope);
    }
    tag("{% endfor %}");
  };

  const write = (nodes: readonly GoNode[], outer: Scope): void => {
    let scope = outer;
    for (const node of nodes) {
      if (node.kind === "text") {
        // Liquid would read these as the beginning of a tag.
        for (const part of node.text.split(/(\{%|%\})/)) {
          if (part === "{%" || part === "%}") tag(`{{ ${quote(part)} }}`);
          else if (part !== "") out.push({ kind: "text", text: part });
        }
      } else if (node.kind === "output") {
        const value = show(pipeValue(node.pipe, scope));
        tag(`{{ ${value} }}`);
      } else if (node.kind === "assign") {
        const name = `_${node.name}`;
        const value = show(pipeValue(node.pipe, scope));
        tag(`{% assign ${name} = ${value} %}`);
        scope = { ...scope, variables: new Map([...scope.variables, [node.name, name]]) };
      } else if (node.kind === "range") range(node, scope);
      else {
        const branches = node.kind === "with" ? [{ pipe: node.pipe, body: node.body }] : node.branches;
        const dot = node.kind === "with" ? settle(pipeValue(node.pipe, scope)) : scope.dot;
        const conditions = branches.map(({ pipe }) =>
          node.kind === "with" ? isTrue({ base: dot, filters: [] }) : condition(pipe, scope),
        );
        branches.forEach(({ body }, at) => {
          tag(`{% ${at === 0 ? "if" : "elsif"} ${conditions[at] ?? ""} %}`);
          write(body, { ...scope, dot });
        });
        if (node.otherwise.length > 0) tag("{% else %}");
        write(node.otherwise, scope);
        tag("{% endif %}");
      }
    }
  };
  return { write, out };
};

/** The template as Liquid, or why not: the end of a sentence that begins with "it". */
export const translateGoTemplate = (source: string): Result<readonly Segment[], string> => {
  const parsed = parseGoTemplate(source);
  if (!parsed.ok) return parsed;
  const { write, out } = translator();
  try {
    write(parsed.value, { dot: "", variables: new Map() });
    return ok(out);
  } catch (thrown) {
    if (thrown instanceof Refusal) return err(thrown.message);
    throw thrown;
  }
};
