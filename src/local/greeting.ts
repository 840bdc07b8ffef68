/** What `npm start` says once everything runs. */

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A line for any POSIX shell. Pasted again, it is a duplicate: nobody is told twice. */
export const curlLine = (url: string, ingestToken: string): string =>
  [
    `curl -sS -w '\\n' ${url}/webhook`,
    `-H ${quote(`Authorization: Bearer ${ingestToken}`)}`,
    `-H 'Content-Type: application/json'`,
    `-d '{"alertname":"DiskAlmostFull","severity":"warning","instance":"db-1","summary":"91 % used"}'`,
  ].join(" ");

export interface Facts {
  readonly url: string;
  readonly adminToken: string;
  readonly ingestToken: string;
  readonly sinkUrl: string;
  /** Manifests of targets. */
  readonly secretsDir: string;
  readonly stateDir: string;
  readonly logFile: string;
}

export const greeting = (facts: Facts): string => `
Alert History runs at ${facts.url}

  admin token   ${facts.adminToken}
  ingest token  ${facts.ingestToken}
  local sink    ${facts.sinkUrl}
  targets from  ${facts.secretsDir}
  state         ${facts.stateDir}
  log           ${facts.logFile}

Send it an alert; the notification appears below, the event at ${facts.url}/history (with the admin token):

${curlLine(facts.url, facts.ingestToken)}

Ctrl-C stops it.
`;
