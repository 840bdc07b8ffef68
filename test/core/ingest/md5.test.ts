import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { md5 } from "../../../src/core/ingest/md5.ts";

const hex = (text: string) => Buffer.from(md5(text).buffer).toString("hex");

it.each([
  ["", "d41d8cd98f00b204e9800998ecf8427e"],
  ["abc", "900150983cd24fb0d6963f7d28e17f72"],
  ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
  [
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    "57edf4a22be3c955ac49da2e2107b67a",
  ],
])("gives the digest of RFC 1321 for %j", (text, digest) => {
  expect(hex(text)).toBe(digest);
});

it("agrees with OpenSSL on any text, in UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
      expect(hex(text)).toBe(createHash("md5").update(text).digest("hex"));
    }),
  );
});
