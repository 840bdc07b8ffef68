/** The platform names core may use: UTF-8 lengths, byte order and strict decoding need them, and every runtime of ours has them. */
declare class TextEncoder {
  encode(text?: string): Uint8Array;
}
declare class TextDecoder {
  constructor(encoding?: string, options?: { fatal?: boolean });
  /** Throws a TypeError on bytes that are no text where `fatal` is set; strips a byte order mark. */
  decode(bytes?: Uint8Array): string;
}
