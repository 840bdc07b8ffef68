/** The one platform name core may use: UTF-8 lengths and byte order need it, and every runtime of ours has it. */
declare class TextEncoder {
  encode(text?: string): Uint8Array;
}
