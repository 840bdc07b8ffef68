/** Text as a reader sees it: nothing invisible, on one line, within its limit. Alert and model texts both pass here. */

/** Spaces of every kind and the controls that stand for one. */
const BLANKS = /[\s\u0085\u2028\u2029]+/g;
/** Controls, direction marks, zero-width and tag characters: they hide instructions from people and secrets from patterns. */
const INVISIBLE =
  /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** One line of visible text; lone surrogates become U+FFFD. */
export const visibleText = (text: string): string =>
  text.toWellFormed().replace(BLANKS, " ").replace(INVISIBLE, "").trim();

/**
 * The visible text of the first `window` UTF-16 units, without the word the window cuts through: half a credential is
 * something no pattern knows.
 */
export function firstWords(text: string, window: number): string {
  if (text.length <= window) return visibleText(text);
  const visible = visibleText(text.slice(0, window));
  return `${visible.slice(0, visible.lastIndexOf(" ") + 1)}...`;
}

/** At most `max` UTF-16 units, the final `...` included; never cuts a surrogate pair. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, Math.max(0, max - 3));
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}...`;
}
