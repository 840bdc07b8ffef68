/** A Kubernetes Secret as plain text by key, whether it came from the API server or from a manifest. */
import * as z from "zod";

export interface SecretRecord {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent for a manifest in a file. */
  readonly resourceVersion?: string;
  /** null: bytes that are no UTF-8 text, or no base64. */
  readonly data: ReadonlyMap<string, string | null>;
  /** Of all values, decoded. */
  readonly bytes: number;
}

const secretSchema = z.object({
  metadata: z.object({
    name: z.string().min(1),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
    labels: z.record(z.string(), z.coerce.string()).nullish(),
  }),
  data: z.unknown().optional(),
  stringData: z.unknown().optional(),
});

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const decodeText = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** The text behind base64, line breaks in it allowed; null where it is neither. */
export const decodeBase64 = (text: string): string | null => {
  const compact = text.replace(/\s+/g, "");
  return BASE64.test(compact) ? decodeText(Buffer.from(compact, "base64")) : null;
};

const entriesOf = (json: unknown): readonly (readonly [string, unknown])[] =>
  typeof json === "object" && json !== null ? Object.entries(json) : [];

/** The Secret in `object`, null where there is none. `stringData` wins over `data`, as in Kubernetes. */
export const readSecret = (object: unknown, defaultNamespace: string): SecretRecord | null => {
  const parsed = secretSchema.safeParse(object);
  if (!parsed.success) return null;
  const { metadata, data, stringData } = parsed.data;
  const texts = new Map<string, string | null>();
  for (const [key, value] of entriesOf(data)) {
    texts.set(key, typeof value === "string" ? decodeBase64(value) : null);
  }
  for (const [key, value] of entriesOf(stringData)) {
    texts.set(key, typeof value === "object" && value !== null ? null : String(value ?? ""));
  }
  return {
    namespace: metadata.namespace ?? defaultNamespace,
    name: metadata.name,
    labels: metadata.labels ?? {},
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    data: texts,
    bytes: [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0),
  };
};

/** Two Secrets of a cluster never share it. */
export const secretKey = (secret: Pick<SecretRecord, "namespace" | "name">): string =>
  `${secret.namespace}/${secret.name}`;
