/**
 * Liquid templates written by the operator: `{{ alert.title | downcase }}`, with `if`, `unless` and `assign`. There is
 * no loop, no file, no clock and no randomness in them, and everything they read and build is counted, so that no
 * template runs long. (The library's own time limit is of no use: on Workers the clock stands still meanwhile.)
 */
import { Context, defaultOperators, type FilterImplOptions, Liquid, type Operators } from "liquidjs";
import { err, ok, type Result } from "../result.ts";
import { type Budget, MAX_TEMPLATE_LENGTH, MAX_TEMPLATE_STEPS, MEMBER_STEPS, STEPS_SPENT } from "./source-limits.ts";

export interface Template {
  /** The text for these variables; the error says which limit it met or what it could not do. */
  readonly render: (variables: Readonly<Record<string, unknown>>, budget: Budget) => Result<string, string>;
}

const TAGS = new Set(["if", "unless", "assign", "comment"]);

/**
 * Filters whose work grows no faster than what they are given and what the library counts before it builds it. Left out:
 * what is random or knows the time (sample, date), what nests lists (push, unshift, group_by), what evaluates a text
 * (where_exp and its like), what is asynchronous (sha256) and what matches with native regexes (strip_html).
 */
const FILTERS = [
  ["append", "prepend", "capitalize", "downcase", "upcase", "strip", "lstrip", "rstrip", "squish", "strip_newlines"],
  ["remove", "remove_first", "remove_last", "replace", "replace_first", "replace_last", "slice", "split", "truncate"],
  ["truncatewords", "join", "first", "last", "map", "compact", "concat", "reverse", "sort", "uniq", "size", "sum"],
  ["abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times", "default"],
  ["url_encode"],
].flat();

/** Characters and elements a value holds, as far as an offered filter or operator would look into it. */
const weigh = (value: unknown): number => {
  let weight = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && weight <= MAX_TEMPLATE_STEPS) {
    const one = open.pop();
    weight += 1 + sizeOf(one);
    if (Array.isArray(one) && weight <= MAX_TEMPLATE_STEPS) for (const item of one) open.push(item);
  }
  return weight;
};

const sizeOf = (value: unknown): number => {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? MEMBER_STEPS * Object.keys(value).length : 0;
};

type Filter = Extract<FilterImplOptions, (...args: never[]) => unknown>;
type Operator = (left: unknown, right: unknown, context: Context) => ReturnType<Operators[string]>;

/**
 * The filter, counted: it may look at each of its arguments for every element of a list. Half of a surrogate pair,
 * which url_encode would throw at, becomes U+FFFD.
 */
const meterFilter = (filter: Filter): Filter =>
  function (value, ...args) {
    const elements = Array.isArray(value) ? value.length : 1;
    this.context.memoryLimit.use(weigh(value) + elements * args.reduce((sum, one) => sum + sizeOf(one), 0));
    return filter.call(this, typeof value === "string" ? value.toWellFormed() : value, ...args);
  };

const meterOperator =
  (operator: Operator): Operator =>
  (left, right, context) => {
    context.memoryLimit.use(weigh(left) + weigh(right));
    return operator(left, right, context);
  };

const createEngine = (): Liquid => {
  const { not, ...binary } = defaultOperators;
  const operators = Object.entries(binary).map(([name, one]) => [name, meterOperator(one as Operator)] as const);
  const engine = new Liquid({
    operators: { ...Object.fromEntries(operators), ...(not && { not }) },
    ownPropertyOnly: true,
    strictFilters: true,
    templates: {},
    parseLimit: MAX_TEMPLATE_LENGTH,
    outputEscape: meterFilter((value) => value),
  });
  for (const name of Object.keys(engine.tags)) if (!TAGS.has(name)) delete engine.tags[name];
  for (const [name, filter] of Object.entries(engine.filters)) {
    if (FILTERS.includes(name) && typeof filter === "function") engine.registerFilter(name, meterFilter(filter));
    else delete engine.filters[name];
  }
  return engine;
};

const ENGINE = createEngine();

/**
 * The library asks its `memoryLimit` before it builds anything. This one also counts backwards steps as steps (ranges
 * would give some back) and takes them from the body's budget. Only `use` is ever called; the cast hides that the
 * library's class has private fields.
 */
const createMeter = (budget: Budget): Context["memoryLimit"] => {
  let used = 0;
  const use = (count: number) => {
    const steps = Math.abs(Number(count)) || 0;
    used += steps;
    // First its own limit: one greedy template must not spend what its neighbours need.
    if (used > MAX_TEMPLATE_STEPS) throw new Error("it reads or builds too much");
    if (!budget.spend(steps)) throw new Error(STEPS_SPENT);
  };
  return { use, check: use } as unknown as Context["memoryLimit"];
};

/** A context in which reading a member counts too. */
const createContext = (variables: Readonly<Record<string, unknown>>, budget: Budget): Context => {
  const memoryLimit = createMeter(budget);
  const scope = Object.assign(Object.create(null), variables);
  const context = new Context(scope, ENGINE.options, { sync: true }, { memoryLimit, liquid: ENGINE });
  const read = context.readProperty.bind(context);
  context.readProperty = (value, name) => {
    memoryLimit.use(name === "size" ? sizeOf(value) : 1);
    return read(value, name);
  };
  return context;
};

const sentence = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n")[0] ?? "") : "unknown";

/** A compiled template; the error is a sentence for its author. */
export const compileTemplate = (text: string): Result<Template, string> => {
  if (text.length > MAX_TEMPLATE_LENGTH) return err(`must be at most ${MAX_TEMPLATE_LENGTH} characters`);
  // A range is a loop in disguise: it becomes a list of all its numbers.
  if (text.includes("(") && text.includes("..")) return err("uses a range (a..b), which sources do not offer");
  let parsed: ReturnType<Liquid["parse"]>;
  try {
    parsed = ENGINE.parse(text);
  } catch (error) {
    return err(`is no template: ${sentence(error)}`);
  }
  return ok({
    render: (variables, budget) => {
      if (!budget.spend(MEMBER_STEPS * text.length)) return err(STEPS_SPENT);
      try {
        return ok(String(ENGINE.renderSync(parsed, createContext(variables, budget))));
      } catch (error) {
        return err(`the template cannot be rendered: ${sentence(error)}`);
      }
    },
  });
};
