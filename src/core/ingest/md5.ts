/**
 * MD5 (RFC 1321), only because Prometheus' hashmod is defined with it and WebCrypto has neither MD5 nor a synchronous
 * digest. It protects nothing here.
 */

const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21] as const;
const SINES = Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0);
const BLOCK_BYTES = 64;

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** The text's bytes, a one bit, zeros, and the length in bits as a little-endian 64 bit number. */
const padded = (bytes: Uint8Array): DataView => {
  const length = Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES;
  const block = new Uint8Array(length);
  block.set(bytes);
  block[bytes.length] = 0x80;
  const view = new DataView(block.buffer);
  view.setBigUint64(length - 8, BigInt(bytes.length) * 8n, true);
  return view;
};

/** Which word of the block a round reads, and how it mixes the other three. */
const mix = (round: number, b: number, c: number, d: number): readonly [number, number] => {
  if (round < 16) return [(b & c) | (~b & d), round];
  if (round < 32) return [(d & b) | (~d & c), (5 * round + 1) % 16];
  if (round < 48) return [b ^ c ^ d, (3 * round + 5) % 16];
  return [c ^ (b | ~d), (7 * round) % 16];
};

/** The 16 bytes of the digest of the text in UTF-8. */
export const md5 = (text: string): DataView => {
  const input = padded(new TextEncoder().encode(text));
  const state: [number, number, number, number] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let offset = 0; offset < input.byteLength; offset += BLOCK_BYTES) {
    let [a, b, c, d] = state;
    for (let round = 0; round < 64; round++) {
      const [mixed, word] = mix(round, b, c, d);
      const sum = (a + mixed + (SINES[round] ?? 0) + input.getInt32(offset + word * 4, true)) | 0;
      const shift = SHIFTS[(round >> 4) * 4 + (round % 4)] ?? 0;
      [a, d, c, b] = [d, c, b, (b + rotate(sum, shift)) | 0];
    }
    state[0] = (state[0] + a) | 0;
    state[1] = (state[1] + b) | 0;
    state[2] = (state[2] + c) | 0;
    state[3] = (state[3] + d) | 0;
  }
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => {
    digest.setInt32(index * 4, word, true);
  });
  return digest;
};
