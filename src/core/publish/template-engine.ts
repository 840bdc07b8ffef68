/**
 * Liquid as a sandbox: no files, no clock, no prototype, bounded in source, steps and memory. What stands in `{{ }}` is
 * escaped for the content type, so that alert text cannot break out of where the template put it.
 */
import { Context, type Emitter, type FilterThis, Liquid } from "liquidjs/dist/liquid.browser.mjs";
import { type Defect, err, ok, type Result } from "../result.ts";
import { dateFormat, FILTERS, valueText } from "./template-filters.ts";

/** UTF-16 units of a template; the largest ones people share are a tenth of it. */
export const MAX_SOURCE = 65_536;
/** Tags, outputs and texts rendered; 1000 alerts with 50 each. Steps, because a Worker's clock stands still in a loop. */
const MAX_STEPS = 50_000;
/** UTF-16 units written and list items made on the way, all together. */
const MAX_MEMORY = 4_000_000;
/** UTF-16 units of the result; no receiver takes more. */
const MAX_OUTPUT = 1_000_000;

export interface TemplateDefect extends Defect {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** How `{{ value }}` is escaped, and whether the `json` filter writes a JSON value as it is. */
export interface Escaping {
  readonly quote: (text: string) => string;
  /** For JSON bodies: what happens to every text inside a value written by the `json` filter. */
  readonly jsonText: ((text: string) => string) | null;
}

/** They read files, the clock, chance, or need what the sandbox does not have. */
const REMOVED_TAGS = ["include", "render", "layout", "block"];
const REMOVED_FILTERS = ["sample", "sha256", "hmac_sha256", "base64_encode", "base64_decode"];
const DATE_FILTERS = ["date", "date_to_xmlschema", "date_to_rfc822", "date_to_string", "date_to_long_string"];

const atNow = function (this: FilterThis, value: unknown): unknown {
  return value === "now" || value === "today" ? this.context.globals.now : value;
};

const addDateFilters = (engine: Liquid): void => {
  for (const name of DATE_FILTERS) {
    const builtin = engine.filters[name];
    if (typeof builtin !== "function") continue;
    engine.registerFilter(name, function (value, format, ...rest) {
      const shown = name === "date" && format !== undefined ? dateFormat(valueText(format)) : format;
      return builtin.call(this, atNow.call(this, value), shown, ...rest);
    });
  }
};

const jsonFilter = (jsonText: (text: string) => string) => (value: unknown, space: unknown) =>
  JSON.stringify(
    value ?? null,
    (_, inner) => (typeof inner === "string" ? jsonText(inner) : inner),
    Number(space) || 0,
  );

/** Counts what is written, which Liquid itself does not. */
const countingEmitter = (context: Context): Emitter => ({
  buffer: "",
  write(html) {
    const text = valueText(html);
    context.memoryLimit.use(text.length);
    this.buffer += text;
  },
});

const makeEngine = ({ quote, jsonText }: Escaping): Liquid => {
  const engine = new Liquid({
    strictFilters: true,
    ownPropertyOnly: true,
    outputEscape: (value) => quote(valueText(value)),
    parseLimit: MAX_SOURCE,
    memoryLimit: MAX_MEMORY,
    timezoneOffset: 0,
    locale: "en-US",
    templates: {},
  });
  for (const name of REMOVED_TAGS) delete engine.tags[name];
  for (const name of REMOVED_FILTERS) engine.unregisterFilter(name);
  for (const [name, filter] of Object.entries(FILTERS)) engine.registerFilter(name, filter);
  addDateFilters(engine);
  const json = { handler: jsonFilter(jsonText ?? ((text) => text)), raw: jsonText !== null };
  for (const name of ["json", "jsonify", "toJson"]) engine.registerFilter(name, json);
  const render = engine.renderer.renderTemplates.bind(engine.renderer);
  engine.renderer.renderTemplates = (templates, context, emitter) =>
    render(templates, context, emitter ?? countingEmitter(context));
  return engine;
};

const stepLimit = () => {
  let steps = 0;
  return {
    use() {},
    check() {
      steps++;
      if (steps > MAX_STEPS) throw new Error(`the template takes more than ${MAX_STEPS} steps`);
    },
  };
};

const positionAt = (source: string, index: number): readonly [number, number] => {
  const before = source.slice(0, index).split("\n");
  return [before.length, (before.at(-1)?.length ?? 0) + 1];
};

const defectAt = ([line, column]: readonly [number, number], message: string): TemplateDefect => ({
  path: "",
  message: message.slice(0, 300),
  line,
  column,
});

/** Liquid reads these without complaint and prints nothing, which nobody who wrote them expects. */
const GO_SYNTAX = /\{\{-?\s*(?:[.$]|(?:range|if|else|end|define|template|with|block)\b)/;

/** The first argument of a filter that takes a pattern, with a backslash that Liquid's strings would swallow. */
const LOST_BACKSLASH = /\|\s*(?:match|reReplaceAll)\s*:\s*(["'])(?:\\[\\nrtfv"']|(?!\1)[^\\\n])*\\(?![\\nrtfv"'])/;

/** What Liquid takes without complaint though its author meant something else. */
const misreadDefect = (source: string): TemplateDefect | null => {
  const go = GO_SYNTAX.exec(source);
  if (go !== null) {
    const message = "this is Go template syntax; in Liquid it is {{ status }}, {% if … %}, {% for alert in alerts %}";
    return defectAt(positionAt(source, go.index), message);
  }
  const lost = LOST_BACKSLASH.exec(source);
  if (lost === null) return null;
  return defectAt(
    positionAt(source, lost.index + lost[0].length - 1),
    "a backslash in a string is written twice: \\\\d",
  );
};

const defectOf = (thrown: unknown): TemplateDefect => {
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).replace(
    /, line:\d+, col:\d+[\s\S]*$/,
    "",
  );
  const token: unknown = typeof thrown === "object" && thrown !== null && "token" in thrown ? thrown.token : null;
  const hasPosition = typeof token === "object" && token !== null && "getPosition" in token;
  if (!hasPosition || typeof token.getPosition !== "function") return defectAt([1, 1], message);
  const [line, column] = token.getPosition() as readonly [number, number];
  return defectAt([line, column], message);
};

/**
 * The text `source` makes of `data`, or where and why it cannot be made. `now` is what the template takes for the present.
 * Liquid and the filters throw; here that becomes a defect.
 */
export const renderTemplate = (
  source: string,
  data: object,
  escaping: Escaping,
  now: number,
): Result<string, TemplateDefect> => {
  const misread = misreadDefect(source);
  if (misread !== null) return err(misread);
  try {
    const engine = makeEngine(escaping);
    const templates = engine.parse(source);
    const globals = { now: new Date(now).toISOString() };
    const limits = { renderLimit: stepLimit(), liquid: engine };
    const text = valueText(
      engine.renderSync(templates, new Context(data, engine.options, { sync: true, globals }, limits)),
    );
    if (text.length > MAX_OUTPUT) return err(defectAt([1, 1], `the result is longer than ${MAX_OUTPUT} characters`));
    return text.trim() === "" ? err(defectAt([1, 1], "the template produced nothing")) : ok(text);
  } catch (thrown) {
    return err(defectOf(thrown));
  }
};
