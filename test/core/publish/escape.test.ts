import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  escapeHtml,
  escapeJson,
  escapeMarkdown,
  escapeSlack,
  escapeTelegram,
  safeLink,
} from "../../../src/core/publish/escape.ts";

const unescapeEntities = (text: string): string =>
  text.replace(
    /&(?:lt|gt|quot|#39|amp);/g,
    (entity) => ({ "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" })[entity]!,
  );

const nasty = fc.string({
  unit: fc.constantFrom(..."<>&\"'@!*_~`|#[]()\\ -+=\nabe1".split(""), "everyone", "here", "👍"),
  maxLength: 60,
});

describe("entities", () => {
  test("leave no bracket and no bare ampersand, and read back as the text", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(escapeSlack(text)).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        expect(unescapeEntities(escapeSlack(text))).toBe(text);
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
        expect(unescapeEntities(escapeHtml(text))).toBe(text);
        expect(escapeTelegram(text)).not.toMatch(/@(?!\u200b)/);
      }),
    );
  });
});

describe("markdown", () => {
  test("every mark is escaped, every mention is broken, and the rest is the text", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const made = escapeMarkdown(text);
        expect(made).not.toMatch(/@everyone|@here/);
        const unescaped = made.replace(/\\([\s\S])|[*_~`|<>#[\]!]/g, (whole, char?: string) =>
          whole.length === 1 ? "BARE" : char!,
        );
        expect(unescaped.replaceAll("@\u200b", "@")).toBe(text);
      }),
    );
  });
  test("a line cannot become a list or an underline", () => {
    expect(escapeMarkdown("- a\n  + b\n=== c - d")).toBe("\\- a\n  \\+ b\n\\=== c - d");
  });
  test("a long run of blanks takes no time", () => {
    expect(escapeMarkdown(`${" \n".repeat(50_000)}x`)).toHaveLength(100_001);
  });
});

test("a text inside a JSON string stays inside", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(JSON.parse(`"${escapeJson(text)}"`)).toBe(text);
    }),
  );
});

describe("safeLink", () => {
  test.each([
    ["a plain link", "https://example.com/a?b=c&d=e#f", "https://example.com/a?b=c&d=e#f"],
    ["http is allowed", "http://10.0.0.1:9090/graph?g0.expr=up%3D0", "http://10.0.0.1:9090/graph?g0.expr=up%3D0"],
    ["IPv6 hosts keep their brackets", "http://[::1]:9090/x", "http://[::1]:9090/x"],
    [
      "what means something in markup is encoded",
      'https://e.example/a|b>c"d(e)',
      "https://e.example/a%7Cb%3Ec%22d%28e%29",
    ],
    ["letters beyond ASCII are encoded", "https://e.example/é", "https://e.example/%C3%A9"],
    ["blanks around it do not count", "  https://e.example/  ", "https://e.example/"],
    ["script", "javascript:alert(1)", null],
    ["data", "data:text/html,x", null],
    ["no scheme", "example.com", null],
    ["user info looks like somebody else", "https://slack.com@evil.example/", null],
    ["a blank inside", "https://e.example/a b", null],
    ["a line end inside", "https://e.example/a\r\nX: y", null],
    ["a host with markup", "https://e<x>.example/", null],
    ["too long", `https://e.example/${"a".repeat(1000)}`, null],
    ["too long once encoded", `https://e.example/${"é".repeat(400)}`, null],
    ["nothing", "", null],
  ])("%s", (_, link, expected) => expect(safeLink(link)).toBe(expected));

  test("no link holds what could end it in HTML, Slack or Markdown", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(safeLink(`https://e.example/${text}`) ?? "").toMatch(/^[^<>"'|`()\s*\\]*$/);
      }),
    );
  });
});
