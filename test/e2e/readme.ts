/** What the README says, as it can be run or fed to the tools it is meant for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../src/local/files.ts";

const text = readFileSync(join(ROOT, "README.md"), "utf8");

/** Blocks of a language ("" for none), in order. */
const blocks = (language: string): string[] =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, given, body = ""]) => (given === language ? [body] : []));

/** Every `curl` of the README, one command each, with the address and tokens of a run in place of what stands for them. */
export const readmeCurls = (url: string, adminToken: string, ingestToken: string): string[] =>
  blocks("")
    .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line.startsWith("curl "))
    .map((line) =>
      line
        .replaceAll("http://127.0.0.1:8787", url)
        .replaceAll("<ingest token>", ingestToken)
        .replaceAll("<admin token>", adminToken),
    );

/** The snippet whose text holds `key`, for an instance on plain http. */
export const readmeSnippet = (key: string, host: string, ingestToken: string): string => {
  const found = blocks("yaml").find((block) => block.includes(key));
  if (found === undefined) throw new Error(`the README has no snippet with ${key}`);
  return found
    .replaceAll("https://alerts.example.com", `http://${host}`)
    .replaceAll("alerts.example.com", host)
    .replaceAll("scheme: https", "scheme: http")
    .replaceAll("INGEST_TOKEN", ingestToken);
};
