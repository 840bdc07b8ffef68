/**
 * The identity of an alert: FNV-1a 64 of its sorted labels, exactly as prometheus/common `model/signature.go`.
 * 64 bits are kept as two 32-bit halves and multiplied in 16-bit steps, since BigInt per byte is far too slow here.
 */
import type { Labels } from "./alert.ts";
import { sortedNames } from "./labels.ts";

// Offset basis 14695981039346656037 and prime 1099511628211 = 2^40 + 0x1b3 of FNV-1a 64.
const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
const PRIME_LOW = 0x1b3;
/** Ends each name and each value; no UTF-8 text contains it. */
const SEPARATOR = 0xff;

/** 16 lower-case hex digits. A label with an empty value counts as missing; annotations never count. */
export const fingerprint = (labels: Labels): string => {
  let high = OFFSET_HIGH | 0;
  let low = OFFSET_LOW | 0;
  for (const name of sortedNames(labels)) {
    const value = labels[name] ?? "";
    if (value === "") continue;
    for (let text = name, part = 0; part < 2; part++, text = value) {
      for (let i = 0; i <= text.length; i++) {
        let octets = i === text.length ? SEPARATOR : text.charCodeAt(i);
        if (octets >= 0x80 && i < text.length) {
          octets = utf8(text, i);
          if (octets >>> 24 !== 0) i++;
        }
        do {
          low ^= octets & 0xff;
          const carry = ((low >>> 16) * PRIME_LOW + (((low & 0xffff) * PRIME_LOW) >>> 16)) >>> 16;
          high = (Math.imul(high, PRIME_LOW) + carry + (low << 8)) | 0;
          low = Math.imul(low, PRIME_LOW);
          octets >>>= 8;
        } while (octets !== 0);
      }
    }
  }
  return hex(high) + hex(low);
};

/** The UTF-8 bytes of the code point at `at`, first byte lowest; four bytes mean that it took two UTF-16 units. */
const utf8 = (text: string, at: number): number => {
  let point = text.codePointAt(at) ?? 0;
  if (point >= 0xd800 && point < 0xe000) point = 0xfffd; // a lone surrogate has no UTF-8 form
  const last = 0x80 | (point & 0x3f);
  if (point < 0x800) return 0xc0 | (point >> 6) | (last << 8);
  const third = 0x80 | ((point >> 6) & 0x3f);
  if (point < 0x10000) return 0xe0 | (point >> 12) | (third << 8) | (last << 16);
  return 0xf0 | (point >> 18) | ((0x80 | ((point >> 12) & 0x3f)) << 8) | (third << 16) | (last << 24);
};

const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, "0");

/** True for the form `fingerprint` writes. */
export const isFingerprint = (text: string): boolean => /^[0-9a-f]{16}$/.test(text);

/** A fingerprint as people type it, in either case (contracts 4.1), in our form; null when it is none. */
export const readFingerprint = (text: string): string | null => {
  const lower = text.toLowerCase();
  return isFingerprint(lower) ? lower : null;
};
