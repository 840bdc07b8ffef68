/** Secrets to look for: in every field that can hold one, of targets that fail in every way, in every spelling on a disk. */
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export const CANARY = "c4n4ryc4n4ry";

const key = (length: number): string => CANARY.padEnd(length, "k");

/** Data of Secrets by name: 60 with the canary, on hosts of this machine; `mutePort` takes connections and cuts them. */
export const canaryTargets = (mutePort: number): Record<string, Record<string, string>> => {
  // Nobody listens, TLS is expected where none is spoken, the connection is cut.
  const hosts = ["http://127.0.0.1:1", `https://127.0.0.1:${mutePort}`, `http://127.0.0.1:${mutePort}`];
  const forms = (host: string): Record<string, string>[] => [
    { url: `${host}/${CANARY}` },
    { url: `${host}/?key=${CANARY}`, "header-X-Api-Key": CANARY },
    { url: host, headers: `Authorization: Bearer ${CANARY}` },
    { url: host, "auth-header": `Basic ${CANARY}` },
    { url: host, username: "u", password: CANARY },
    { url: host, token: CANARY },
    { url: host, "signing-secret": `whsec_${Buffer.from(CANARY).toString("base64")}` },
    { url: host, config: JSON.stringify({ api_key: CANARY }) },
    { url: host, format: "alertmanager", "api-key": CANARY },
    { url: host, format: "template", template: `{"key":"${CANARY}"}`, "content-type": "application/json" },
    { type: "slack", url: `${host}/services/T/B/${CANARY}` },
    { type: "slack", url: host, "bot-token": `xoxb-${CANARY}`, channel: "C1" },
    { type: "pagerduty", url: `${host}/v2/enqueue`, "routing-key": key(32) },
    { type: "rootly", url: host, "api-key": CANARY },
    { type: "telegram", url: host, "bot-token": `1:${CANARY}`, channel: "1" },
    { type: "opsgenie", url: host, "api-key": CANARY },
    { type: "discord", url: `${host}/api/webhooks/1/${CANARY}` },
    { type: "teams", url: `${host}/workflows/${CANARY}` },
    // Refused ones: what is wrong with them must not be quoted.
    { url: `ftp://127.0.0.1/${CANARY}` },
    { url: host, headers: `X-A=1,${CANARY}` },
  ];
  const all = hosts.flatMap((host) => forms(host)).map((data, i) => [`c-${i}`, data] as const);
  return {
    ...Object.fromEntries(all),
    mute: { url: `${hosts[2]}/${CANARY}` },
    "mute-tls": { url: `${hosts[1]}/${CANARY}` },
    closed: { url: `${hosts[0]}/${CANARY}` },
  };
};

/** As text, as UTF-16, in base64 whatever stands before it, and in hex. */
const spellings = (): readonly Buffer[] => [
  Buffer.from(CANARY),
  Buffer.from(CANARY, "utf16le"),
  Buffer.from(Buffer.from(CANARY).toString("hex")),
  ...[0, 1, 2].map((before) => {
    const whole = Buffer.from("x".repeat(before) + CANARY).toString("base64");
    // The characters that depend on the neighbours are left out.
    return Buffer.from(whole.slice(before === 0 ? 0 : 4, Math.floor(((before + CANARY.length) * 8) / 6) - 1));
  }),
];

/** Every file below `folder`, databases and their journals included, and those of them that hold the canary. */
export const filesWithCanary = (folder: string): { readonly looked: string[]; readonly found: string[] } => {
  const looked = globSync("**/*", { cwd: folder })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  const wanted = spellings();
  const found = looked.filter((path) => {
    const content = readFileSync(path);
    return wanted.some((text) => content.includes(text));
  });
  return { looked, found };
};
