/** An expected outcome as a value: the work's result, or the reason it stopped. Exceptions are bugs. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/** A defect of one field: `path` is an RFC 6901 JSON pointer into the input, `message` a sentence for its author. */
export interface Defect {
  readonly path: string;
  readonly message: string;
}
