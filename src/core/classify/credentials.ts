/**
 * Masks what looks like a credential. Decides by pattern only, so it errs on the side of masking: a lost word costs the
 * model some context, a lost key costs an incident. All patterns are ours and start at a boundary or are bounded, so
 * hostile text cannot make them slow.
 */

import { visibleText } from "./text.ts";

export const MASK = "[redacted]";

/** Words that make the name of a value a secret's name, wherever in the name they stand. */
const WORDS =
  "passw(?:or)?d|passphrase|passcode|secret|token(?!s(?![a-z])|iz)|api[-_ ]?key|access[-_ ]?key|account[-_]?key|private[-_]?key|" +
  "signing[-_]?key|routing[-_]?key|integration[-_]?key|encryption[-_]?key|shared[-_]?key|license[-_]?key|webhook[-_]?url|" +
  "credential|authorization|signature|session[-_]?id|cookie|connection[-_]?string";
/** Short words that count only as the last part of a name: `db_pass`, not `bypass`. */
const SHORT_WORDS = "pass|pwd|pw|sig|pin|otp|jwt|dsn|key";
const NAME = `(?:[\\w.-]{0,40}?(?:${WORDS})[\\w-]{0,24}|(?:[\\w.-]{0,40}[_.-])?(?:${SHORT_WORDS}))`;
/** What follows "the password is" in sentences that name no password. */
const STATES =
  "missing|expired|expiring|invalid|not|empty|wrong|about|too|being|required|now|set|unset|null|used|rotated|older|a|an|the|in";
const SEPARATOR = `(?:\\\\*["']?\\s*(?:=>|:=|[:=])\\s*|\\s+(?:is|was)\\s+(?!(?:${STATES})\\b))`;
const QUOTED = `\\\\+"[^"]*"?|"(?:[^"\\\\]|\\\\.)*"?|'[^']*'?`;
const BARE = `(?:(?:bearer|basic|token|digest|negotiate|apikey)\\s+)?(?:(?![&;][\\w.-]+=)[^\\s"'])+`;

const PREFIXED = [
  "gh[pousr]_[A-Za-z0-9]{16,}",
  "github_pat_\\w{16,}",
  "gl(?:pat|ptt|rt|dt|ft|soat)-[\\w-]{16,}",
  "xox[a-z]-[\\w-]{8,}",
  "xapp-[\\w-]{8,}",
  "sk-[\\w-]{16,}",
  "(?:sk|rk|pk)_(?:live|test)_\\w{8,}",
  "AIza[\\w-]{30,}",
  "ya29\\.[\\w-]{8,}",
  "npm_[A-Za-z0-9]{20,}",
  "hv[sbr]\\.[\\w-]{16,}",
  "do[opr]_v1_\\w{16,}",
  "SG\\.[\\w-]{12,}\\.[\\w-]{12,}",
  "whsec_[\\w+/=]{8,}",
  "pypi-[\\w-]{16,}",
  "shp(?:at|ca|pa|ss)_\\w{16,}",
  "gl(?:c|sa)_\\w{16,}",
  "ATATT3[\\w=-]{16,}",
  "dckr_pat_[\\w-]{16,}",
  "rootly_\\w{16,}",
  "\\d{6,12}:[A-Za-z0-9_-]{30,}",
].join("|");

const mask = (): string => MASK;
const keepFirst = (_match: string, kept: string): string => `${kept}${MASK}`;

/** In this order: what has a shape of its own first, then what only its name gives away. */
const PATTERNS: readonly (readonly [RegExp, (match: string, ...groups: string[]) => string])[] = [
  [/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g, mask],
  [/\b((?:hooks\.slack\.com|discord(?:app)?\.com\/api\/webhooks|api\.telegram\.org)\/)[^\s"'<>]+/gi, keepFirst],
  [
    /\b((?:[\w-]{1,63}\.){0,4}(?:webhook\.office\.com|logic\.azure\.com|api\.powerplatform\.com)[/:])[^\s"'<>]+/gi,
    keepFirst,
  ],
  [/(:\/\/)[^\s"'<>/?#]{1,512}(?=@)/g, keepFirst],
  // A password may hold "/", a port is only digits before the path.
  [/(:\/\/)[^\s"'<>/?#:@]{0,128}:(?!\d{1,5}(?:[/?#]|$))[^\s"'<>]{1,256}(?=@)/g, keepFirst],
  [/(?<![\w.-])[\w.-]{1,64}:[^\s@/:]{3,128}(?=@[\w.-])/g, mask],
  [/(?<![\w-])eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*){0,4}/g, mask],
  [/\b((?:[Bb]earer|BEARER)\s+)[\w.~+/=-]{8,}/g, keepFirst],
  [/\b((?:[Bb]asic|BASIC)\s+)(?=[a-zA-Z+/]*[0-9A-Z=])[A-Za-z0-9+/]{8,}={0,2}/g, keepFirst],
  [new RegExp(`(?<![A-Za-z0-9])(?:${PREFIXED})`, "g"), mask],
  [/(?<![A-Z0-9])(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{12,}/g, mask],
  [new RegExp(`((?<![A-Za-z0-9])${NAME}${SEPARATOR})(?:${QUOTED}|${BARE})`, "gi"), keepFirst],
  [new RegExp(`(--(?:${NAME})\\s+)(?!-)[^\\s"']+`, "gi"), keepFirst],
  [/(?<![A-Za-z0-9])[0-9a-fA-F]{32,}(?![A-Za-z0-9])/g, mask],
  [
    /(?<![A-Za-z0-9/+])(?=[^\s]{0,39}[0-9])(?=[^\s]{0,39}[a-z])(?=[^\s]{0,39}[A-Z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g,
    mask,
  ],
  [/(?<![\w-])[\w-]{24,}(?![\w-])/g, (run) => (looksRandom(run) ? MASK : run)],
];
const EMAIL = /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g;

/**
 * A run nobody typed: one part of 12 or more characters in both cases with three groups of digits, or of 32 in one case
 * with four. Names in camel case and Kubernetes hashes have fewer.
 */
function looksRandom(run: string): boolean {
  return run.split(/[-_]/).some((part) => {
    const digitGroups = part.match(/\d+/g)?.length ?? 0;
    const mixed = /[a-z]/.test(part) && /[A-Z]/.test(part);
    return (part.length >= 12 && mixed && digitGroups >= 3) || (part.length >= 32 && digitGroups >= 4);
  });
}

/** A shorter "secret" would mask half of every text. */
const MIN_KNOWN = 4;

const NAMES_SECRET = new RegExp(`^${NAME}$`, "i");

/** True when a label or annotation of this name is taken for a secret whatever its value is. */
export const isCredentialName = (name: string): boolean => NAMES_SECRET.test(name.slice(0, 100));

/**
 * The text with every credential-like part replaced by `[redacted]`, and with it each of `known`, strings that are secret
 * whatever they look like. The same text always gives the same answer.
 */
export function maskCredentials(text: string, known: readonly string[] = []): string {
  const whole = known.map(visibleText).filter((secret) => secret.length >= MIN_KNOWN);
  // Longest first: a secret within a secret must not break it up.
  const longestFirst = whole.sort((a, b) => b.length - a.length);
  const rest = longestFirst.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  return PATTERNS.reduce((masked, [pattern, replace]) => masked.replace(pattern, replace), rest);
}

export const maskEmails = (text: string): string => text.replace(EMAIL, MASK);
