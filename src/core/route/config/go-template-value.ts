/** Expressions and conditions of Go templates as Liquid's. What has no simple counterpart is refused with its reason. */
import type { Operand, Pipe } from "./go-template-parse.ts";

/** Thrown where there is no simple counterpart; its message is the end of a sentence that begins with "it". */
export class Refusal extends Error {}
export const refuse = (message: string): never => {
  throw new Refusal(message);
};

/** What the dot and variables stand for, as Liquid names. */
export interface Scope {
  readonly dot: string;
  readonly variables: ReadonlyMap<string, string>;
}
/** A Liquid value: a path or literal, and filters on it. */
export interface Value {
  readonly base: string;
  readonly filters: readonly string[];
}

/** What a notification has; anything else a template names would silently be empty. */
const ROOT_FIELDS = [
  ...["Receiver", "Status", "Alerts", "GroupLabels", "CommonLabels", "CommonAnnotations", "RouteLabels"],
  ...["ExternalURL", "GroupKey", "TruncatedAlerts", "NotificationReason"],
];
const ALERT_FIELDS = ["Status", "Labels", "Annotations", "StartsAt", "EndsAt", "GeneratorURL", "Fingerprint"];
export const MAPS = ["GroupLabels", "CommonLabels", "CommonAnnotations", "RouteLabels", "Labels", "Annotations"];
/** Methods of label maps. */
const METHODS: Readonly<Record<string, string>> = { SortedPairs: "sortedPairs", Names: "names", Values: "values" };
/** Methods of times and label maps that take arguments, and their filters. */
const METHOD_FILTERS: Readonly<Record<string, string>> = { Format: "date", Add: "addDuration", Remove: "without" };
/** Functions of one argument and their filters. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  ...{ toUpper: "toUpper", toLower: "toLower", title: "title", trimSpace: "trimSpace", safeHtml: "safeHtml" },
  ...{ safeUrl: "safeUrl", urlUnescape: "urlUnescape", len: "size", toJson: "json", since: "since" },
  urlquery: "url_encode",
  ...{ humanize: "humanize", humanize1024: "humanize1024", humanizeDuration: "humanizeDuration" },
  ...{ humanizePercentage: "humanizePercentage", humanizeTimestamp: "humanizeTimestamp" },
};
/** Functions whose last argument is the value, the others the filter's. */
const WITH_ARGUMENTS: Readonly<Record<string, readonly [filter: string, count: number]>> = {
  join: ["join", 2],
  match: ["match", 2],
  reReplaceAll: ["reReplaceAll", 3],
  date: ["date", 2],
};
/** Names of what holds a number, the places of a loop among them. */
const IS_NUMBER = /\.size$|(?:^|\.)TruncatedAlerts$|^index(?:item|alert)\d+$/;
const COMPARISONS: Readonly<Record<string, string>> = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" };

export const quote = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;

const literal = (value: string | number | boolean): string =>
  typeof value === "string" ? quote(value) : String(value);

export interface Expressions {
  readonly pipeValue: (pipe: Pipe, scope: Scope) => Value;
  /** As Liquid writes it, filters included. */
  readonly show: (value: Value) => string;
  /** The value as something without filters, which conditions, loops and arguments need. */
  readonly settle: (value: Value) => string;
  readonly isTrue: (value: Value) => string;
  readonly condition: (pipe: Pipe, scope: Scope) => string;
}

/** Writes what must stand before an expression, such as a helper variable, to `tag`. */
export const expressions = (tag: (text: string) => void): Expressions => {
  let made = 0;
  const show = ({ base, filters }: Value): string => [base, ...filters].join(" | ");
  const settle = (value: Value): string => {
    if (value.filters.length === 0) return value.base;
    const only = value.filters.length === 1 ? value.filters[0] : undefined;
    if (only === "size" && !value.base.startsWith('"')) return `${value.base}.size`;
    const name = `v${++made}`;
    tag(`{% assign ${name} = ${show(value)} %}`);
    return name;
  };

  const follow = (start: Value, fields: readonly string[]): Value =>
    fields.reduce<Value>((value, field) => {
      if (Object.hasOwn(METHODS, field)) {
        // The values of sorted pairs are what `values` gives: it sorts too.
        const before = value.filters.filter((filter) => filter !== "sortedPairs");
        return { base: value.base, filters: [...before, METHODS[field] ?? ""] };
      }
      const base = settle(value);
      return { base: base === "" ? field : `${base}.${field}`, filters: [] };
    }, start);

  const pathValue = (operand: Extract<Operand, { kind: "path" }>, scope: Scope): Value => {
    const { root, fields } = operand;
    const base = root === null ? scope.dot : root === "" ? "" : scope.variables.get(root);
    if (base === undefined) return refuse(`uses the variable $${root}`);
    const [first = ""] = fields;
    if (base === "" && !ROOT_FIELDS.includes(first))
      return refuse(first === "" ? "uses the whole data" : `uses .${first}`);
    if (/^alert\d+$/.test(base) && first !== "" && !ALERT_FIELDS.includes(first)) return refuse(`uses .${first}`);
    return follow({ base, filters: [] }, fields);
  };

  const operandValue = (operand: Operand, scope: Scope): Value => {
    if (operand.kind === "literal") return { base: literal(operand.value), filters: [] };
    if (operand.kind === "path") return pathValue(operand, scope);
    if (operand.kind === "pipe") return follow(pipeValue(operand.pipe, scope), operand.fields);
    return refuse(`uses ${operand.name}`);
  };

  const indexValue = (args: readonly Operand[], scope: Scope): Value => {
    const [container, ...keys] = args;
    if (container === undefined || keys.length === 0) return refuse("uses index oddly");
    return keys.reduce<Value>(
      (value, key) => ({ base: `${settle(value)}[${settle(operandValue(key, scope))}]`, filters: [] }),
      operandValue(container, scope),
    );
  };

  /** `.StartsAt.Format "…"`, `.StartsAt.Add 3600e9` and `.CommonLabels.Remove .GroupLabels.Names` have arguments. */
  const methodValue = (method: Operand, args: readonly Operand[], scope: Scope): Value | null => {
    if (method.kind !== "path" && method.kind !== "pipe") return null;
    const name = method.fields.at(-1) ?? "";
    const filter = Object.hasOwn(METHOD_FILTERS, name) ? METHOD_FILTERS[name] : undefined;
    if (filter === undefined || (filter !== "without" && args.length !== 1)) return null;
    const plain = args.flatMap((arg) =>
      arg.kind === "pipe" && arg.pipe[0]?.[0]?.kind === "name" && arg.pipe[0][0].name === "stringSlice"
        ? arg.pipe[0].slice(1)
        : [arg],
    );
    const { base, filters } = operandValue({ ...method, fields: method.fields.slice(0, -1) }, scope);
    const given = plain.map((arg) => settle(operandValue(arg, scope)));
    return { base, filters: [...filters, `${filter}: ${given.join(", ")}`] };
  };

  /** Texts and values one after the other, for the verbs that show a value as it is. */
  const printed = (args: readonly Operand[], piped: Value | null, scope: Scope): Value => {
    const [format, ...rest] = args;
    if (format?.kind !== "literal" || typeof format.value !== "string") return refuse("uses printf oddly");
    const values = [...rest.map((arg) => settle(operandValue(arg, scope))), ...(piped === null ? [] : [settle(piped)])];
    const [first = "", ...others] = format.value.split(/%[svd]/);
    if (others.length !== values.length || [first, ...others].some((text) => text.replaceAll("%%", "").includes("%"))) {
      return refuse("uses printf with more than %s, %v and %d");
    }
    const text = (part: string): string => quote(part.replaceAll("%%", "%"));
    const filters = others.flatMap((part, at) => [
      `append: ${values[at]}`,
      ...(part === "" ? [] : [`append: ${text(part)}`]),
    ]);
    return { base: text(first), filters };
  };

  const callValue = (name: string, args: readonly Operand[], piped: Value | null, scope: Scope): Value => {
    if (name === "index" && piped === null) return indexValue(args, scope);
    if (name === "printf") return printed(args, piped, scope);
    const count = args.length + (piped === null ? 0 : 1);
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    const [filter, wanted] =
      known === undefined ? (Object.hasOwn(WITH_ARGUMENTS, name) ? (WITH_ARGUMENTS[name] ?? []) : []) : [known, 1];
    if (filter === undefined || wanted !== count) return refuse(`uses ${name}`);
    const last = args.at(-1);
    const input = piped ?? (last === undefined ? refuse(`uses ${name}`) : operandValue(last, scope));
    const given = (piped === null ? args.slice(0, -1) : args).map((arg) => settle(operandValue(arg, scope)));
    return {
      base: input.base,
      filters: [...input.filters, given.length > 0 ? `${filter}: ${given.join(", ")}` : filter],
    };
  };

  const pipeValue = (pipe: Pipe, scope: Scope): Value => {
    let value: Value | null = null;
    for (const [head, ...args] of pipe) {
      if (head === undefined) return refuse("has an empty action");
      if (head.kind === "name") value = callValue(head.name, args, value, scope);
      else if (value !== null) return refuse("pipes into a value");
      else if (args.length > 0) value = methodValue(head, args, scope) ?? refuse("calls a method");
      else value = operandValue(head, scope);
    }
    return value ?? refuse("has an empty action");
  };

  /** What is empty, absent or zero is false in Go; in Liquid only false and nil are. */
  const isTrue = (value: Value): string => {
    const text = settle(value);
    return IS_NUMBER.test(text) ? `${text} > 0` : `${text} != blank`;
  };
  const operandCondition = (operand: Operand, scope: Scope): string =>
    operand.kind === "pipe" && operand.fields.length === 0
      ? condition(operand.pipe, scope)
      : isTrue(operandValue(operand, scope));

  /** One Liquid condition: comparisons, or several with one and the same `and` or `or` between them. */
  const condition = (pipe: Pipe, scope: Scope): string => {
    const [head, ...args] = pipe[0] ?? [];
    if (pipe.length === 1 && head?.kind === "pipe" && args.length === 0) return operandCondition(head, scope);
    if (pipe.length > 1 || head?.kind !== "name") return isTrue(pipeValue(pipe, scope));
    const comparison = Object.hasOwn(COMPARISONS, head.name) ? COMPARISONS[head.name] : undefined;
    if (comparison !== undefined) {
      const [left, ...rights] = args.map((arg) => settle(operandValue(arg, scope)));
      if (left === undefined || rights.length === 0 || (rights.length > 1 && comparison !== "==")) {
        return refuse(`uses ${head.name} oddly`);
      }
      const empty = (text: string): string => (text === '""' ? "blank" : text);
      return rights.map((right) => `${empty(left)} ${comparison} ${empty(right)}`).join(" or ");
    }
    if (head.name === "and" || head.name === "or") {
      const parts = args.map((arg) => operandCondition(arg, scope));
      // Liquid has no parentheses and reads from the right.
      if (parts.some((part) => / (?:and|or) /.test(part))) return refuse(`nests ${head.name}`);
      return parts.join(` ${head.name} `);
    }
    const [only] = args;
    if (head.name === "not" && only !== undefined && args.length === 1) {
      const inner = operandCondition(only, scope);
      if (/ (?:and|or) /.test(inner)) return refuse("nests not");
      const opposite: Readonly<Record<string, string>> = {
        "==": "!=",
        "!=": "==",
        ">": "<=",
        "<": ">=",
        ">=": "<",
        "<=": ">",
      };
      return inner.replace(/ (==|!=|>=|<=|>|<) /, (whole, operator: string) => ` ${opposite[operator] ?? whole} `);
    }
    return isTrue(pipeValue(pipe, scope));
  };

  return { pipeValue, show, settle, isTrue, condition };
};
