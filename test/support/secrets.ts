/** Credentials of many kinds, none of them real, as they stand in alert texts. `secret` must never leave. */

const rand = (length: number, seed: number): string => {
  const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  let state = seed;
  return Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return alphabet[state % alphabet.length];
  }).join("");
};

const jwt = `eyJhbGciOiJIUzI1NiJ9.${rand(40, 1)}.${rand(43, 2)}`;
const pem = `MIIEvQIBADANBgkq${rand(120, 3)}`;

export const PLANTED_SECRETS: readonly { readonly what: string; readonly text: string; readonly secret: string }[] = [
  {
    what: "a password in a URL",
    text: "postgres://app:hunter2-Sesame@db.example.com:5432/orders",
    secret: "hunter2-Sesame",
  },
  { what: "a password with a slash in a URL", text: "redis://app:hun/ter2@cache:6379/0", secret: "hun/ter2" },
  { what: "a password with an at sign in a URL", text: "amqp://app:hun@ter2Sesame@mq:5672", secret: "ter2Sesame" },
  {
    what: "a user token in a URL",
    text: "https://oauth2tokenvalue@git.example.com/repo.git",
    secret: "oauth2tokenvalue",
  },
  { what: "a database address of Go", text: "root:hunter2pass@tcp(10.0.0.5:3306)/shop", secret: "hunter2pass" },
  { what: "a JSON Web Token", text: jwt, secret: rand(40, 1) },
  { what: "a bearer header", text: "Authorization: Bearer abcdef0123456789", secret: "abcdef0123456789" },
  { what: "a bearer token alone", text: "sent bearer mF_9.B5f-4.1JqM", secret: "mF_9.B5f-4.1JqM" },
  { what: "a basic header", text: "authorization=Basic dXNlcjpodW50ZXIy", secret: "dXNlcjpodW50ZXIy" },
  { what: "basic credentials alone", text: "curl used Basic dXNlcjpodW50ZXIy", secret: "dXNlcjpodW50ZXIy" },
  { what: "an AWS access key id", text: "AKIAIOSFODNN7EXAMPLE", secret: "AKIAIOSFODNN7EXAMPLE" },
  { what: "an AWS secret key", text: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", secret: "wJalrXUtnFEMI/K7MDENG" },
  {
    what: "a private key",
    text: `-----BEGIN RSA PRIVATE KEY-----\n${pem}\n-----END RSA PRIVATE KEY-----`,
    secret: pem,
  },
  { what: "a private key without its end", text: `-----BEGIN OPENSSH PRIVATE KEY-----\n${pem}`, secret: pem },
  { what: "a GitHub token", text: `ghp_${rand(36, 4)}`, secret: rand(36, 4) },
  { what: "a fine-grained GitHub token", text: `github_pat_${rand(22, 5)}_${rand(40, 6)}`, secret: rand(40, 6) },
  { what: "a GitLab token", text: `glpat-${rand(20, 7)}`, secret: rand(20, 7) },
  { what: "a Slack token", text: `xoxb-123456789012-${rand(24, 8)}`, secret: rand(24, 8) },
  { what: "a Slack webhook", text: `https://hooks.slack.com/services/T000/B000/${rand(24, 9)}`, secret: rand(24, 9) },
  { what: "a Discord webhook", text: `https://discord.com/api/webhooks/123/${rand(60, 10)}`, secret: rand(60, 10) },
  {
    what: "a Telegram bot URL",
    text: `https://api.telegram.org/bot123456789:${rand(35, 11)}/sendMessage`,
    secret: rand(35, 11),
  },
  { what: "a Telegram bot token", text: `123456789:${rand(35, 12)}`, secret: rand(35, 12) },
  { what: "an OpenAI key", text: `sk-proj-${rand(40, 13)}`, secret: rand(40, 13) },
  { what: "a Stripe key", text: `sk_live_${rand(24, 14)}`, secret: rand(24, 14) },
  { what: "a Google key", text: `AIza${rand(35, 15)}`, secret: rand(35, 15) },
  { what: "an npm token", text: `npm_${rand(36, 16)}`, secret: rand(36, 16) },
  { what: "a Vault token", text: `hvs.${rand(24, 17)}`, secret: rand(24, 17) },
  {
    what: "a signing secret",
    text: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  },
  {
    what: "a PagerDuty routing key",
    text: "0123456789abcdef0123456789abcdef",
    secret: "0123456789abcdef0123456789abcdef",
  },
  { what: "a random token without a name", text: rand(43, 18), secret: rand(43, 18) },
  { what: "a password by its name", text: "password=hunter2Sesame", secret: "hunter2Sesame" },
  { what: "a password with a comma", text: "password=hunter,2Sesame", secret: "2Sesame" },
  { what: "a quoted password", text: 'DB_PASSWORD: "hunter two words"', secret: "two words" },
  { what: "a password in JSON", text: '{"user":"bob","password":"hunter2Sesame"}', secret: "hunter2Sesame" },
  { what: "a password in a sentence", text: "the new password is hunter2Sesame", secret: "hunter2Sesame" },
  { what: "an API key of a query", text: "https://api.example.com/v1?api_key=abc123def&x=1", secret: "abc123def" },
  {
    what: "a signature of a query",
    text: "https://s3/x?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027",
    secret: "fe5f80f77d5fa3beca038a248ff027",
  },
  { what: "a key header", text: "X-API-Key: abc123def", secret: "abc123def" },
  { what: "a flag of a command", text: "mysql --password hunter2Sesame -h db", secret: "hunter2Sesame" },
  { what: "a client secret", text: "clientSecret => 's3cr3t-value'", secret: "s3cr3t-value" },
  { what: "a session cookie", text: "Cookie: sid=abcdef123456", secret: "abcdef123456" },
  {
    what: "an Azure account key",
    text: "AccountName=x;AccountKey=abc123+/def==;EndpointSuffix=core",
    secret: "abc123+/def",
  },
];
