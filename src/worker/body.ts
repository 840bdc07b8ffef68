/** Reads a request body up to a limit, unpacking gzip on the way: a small body can unpack to a huge one. */
import { err, ok, type Result } from "../core/result.ts";

export type BodyError = "too_large" | "unreadable";

const concat = (chunks: readonly Uint8Array[], size: number): Uint8Array => {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
};

const readWhole = async (request: Request, maxBytes: number): Promise<Result<Uint8Array, BodyError>> => {
  try {
    const bytes = new Uint8Array(await request.arrayBuffer());
    return bytes.byteLength > maxBytes ? err("too_large") : ok(bytes);
  } catch {
    // Cut off before its end: the sender is told that, and nothing was stored.
    return err("unreadable");
  }
};

/** The bytes of a body, unpacked. Errors: too_large (above `maxBytes`), unreadable (broken gzip or connection). */
export const readBody = async (request: Request, maxBytes: number): Promise<Result<Uint8Array, BodyError>> => {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return err("too_large");
  if (request.body === null) return ok(new Uint8Array());
  const gzip = request.headers.get("content-encoding")?.trim().toLowerCase() === "gzip";
  // A plain body that names its size is read in one go; the connection carries no more than it named.
  if (!gzip && request.headers.has("content-length")) return readWhole(request, maxBytes);
  const stream = gzip ? request.body.pipeThrough(new DecompressionStream("gzip")) : request.body;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as ReadableStream<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) return err("too_large");
      chunks.push(chunk);
    }
  } catch {
    // The stream says only that it broke; the sender is told that, and nothing was stored.
    return err("unreadable");
  }
  return ok(concat(chunks, size));
};
