/**
 * The part of liquidjs that templates use. The package's own types pull in those of Node, which core must not see, and its
 * browser build is the one that runs in Workers: it touches no file system and needs no `eval`.
 */
declare module "liquidjs/dist/liquid.browser.mjs" {
  interface Limiter {
    use(count: number): void;
    check(count: number): void;
  }
  interface FilterThis {
    readonly context: { readonly globals: Readonly<Record<string, unknown>>; readonly memoryLimit: Limiter };
  }
  type FilterHandler = (this: FilterThis, value: unknown, ...args: readonly unknown[]) => unknown;
  interface Emitter {
    buffer: string;
    write(html: unknown): void;
  }
  interface LiquidOptions {
    readonly strictFilters?: boolean;
    readonly ownPropertyOnly?: boolean;
    readonly outputEscape?: (value: unknown) => string;
    readonly parseLimit?: number;
    readonly renderLimit?: number;
    readonly memoryLimit?: number;
    readonly timezoneOffset?: number | string;
    readonly locale?: string;
    readonly templates?: Readonly<Record<string, string>>;
  }
  type Template = { readonly token: object };

  export class Context {
    constructor(
      scope: object,
      options: object,
      renderOptions: { readonly sync: boolean; readonly globals: object },
      limits: { readonly renderLimit?: Limiter; readonly liquid: Liquid },
    );
    readonly memoryLimit: Limiter;
  }
  export class Liquid {
    constructor(options: LiquidOptions);
    readonly options: object;
    readonly renderer: {
      renderTemplates: (templates: readonly Template[], context: Context, emitter?: Emitter) => Iterable<unknown>;
    };
    readonly filters: Record<string, FilterHandler | { readonly handler: FilterHandler; readonly raw: boolean }>;
    readonly tags: Record<string, unknown>;
    registerFilter(
      name: string,
      filter: FilterHandler | { readonly handler: FilterHandler; readonly raw: boolean },
    ): void;
    unregisterFilter(name: string): void;
    parse(source: string): Template[];
    renderSync(templates: readonly Template[], context: Context): unknown;
  }
}
