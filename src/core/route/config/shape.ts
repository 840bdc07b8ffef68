/**
 * What a part of the document may look like: which keys it knows, and what its values are. One table of shapes serves
 * checking (check.ts), hiding secrets (secrets.ts) and showing the document to Alertmanager's clients (project.ts).
 */

/**
 * `text` any scalar; `secret` the same, never shown; `secretUrl` a URL that is a secret; `file` a path that only
 * Alertmanager's own machine could read; `goDuration` as Go writes it (`1.5s`).
 */
export type ScalarType =
  | "text"
  | "secret"
  | "secretUrl"
  | "url"
  | "file"
  | "flag"
  | "int"
  | "float"
  | "duration"
  | "goDuration";

export type Shape =
  | { readonly kind: "scalar"; readonly type: ScalarType }
  | { readonly kind: "list"; readonly item: Shape }
  /** Keys of any name with values of one shape. */
  | { readonly kind: "record"; readonly value: Shape }
  | {
      readonly kind: "object";
      readonly keys: Readonly<Record<string, Shape>>;
      /** Further keys that Alertmanager does not know. */
      readonly ours: Readonly<Record<string, Shape>>;
    }
  /** Not looked into here. */
  | { readonly kind: "any" }
  | { readonly kind: "lazy"; readonly shape: () => Shape };

const scalar = (type: ScalarType): Shape => ({ kind: "scalar", type });
export const text = scalar("text");
export const secret = scalar("secret");
export const secretUrl = scalar("secretUrl");
export const url = scalar("url");
export const file = scalar("file");
export const flag = scalar("flag");
export const int = scalar("int");
export const float = scalar("float");
export const duration = scalar("duration");
export const goDuration = scalar("goDuration");
export const anything: Shape = { kind: "any" };
export const list = (item: Shape): Shape => ({ kind: "list", item });
export const record = (value: Shape): Shape => ({ kind: "record", value });
export const lazy = (shape: () => Shape): Shape => ({ kind: "lazy", shape });
export const object = (keys: Readonly<Record<string, Shape>>, ours: Readonly<Record<string, Shape>> = {}): Shape => ({
  kind: "object",
  keys,
  ours,
});

/** The shape behind `lazy`. */
export const settle = (shape: Shape): Exclude<Shape, { kind: "lazy" }> =>
  shape.kind === "lazy" ? settle(shape.shape()) : shape;

/** The shape of a key of an object, Alertmanager's or ours. */
export const keyShape = (shape: Extract<Shape, { kind: "object" }>, key: string): Shape | null => {
  if (Object.hasOwn(shape.keys, key)) return shape.keys[key] ?? null;
  return Object.hasOwn(shape.ours, key) ? (shape.ours[key] ?? null) : null;
};
