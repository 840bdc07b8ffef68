/**
 * A real Chromium that arrives through npm: unpacked once per version into the ignored build folder, with the libraries
 * and fonts that come along, so that a machine with nothing but Node can run it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { ROOT } from "../../src/local/files.ts";

const PACKAGE = join(ROOT, "node_modules/@sparticuz/chromium");
const BUILD = join(ROOT, ".build");

/** What a page may not change while it is measured and looked at, and what a test machine has no use for. */
const ARGS = [
  // The tests run as whoever they are started by, root in a container included; they open only our own pages.
  "--no-sandbox",
  // Containers often have 64 MB of shared memory.
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--font-render-hinting=none",
  // Nothing of it goes to the network.
  ...["--disable-background-networking", "--disable-domain-reliability", "--disable-component-update", "--no-pings"],
];

/** The fonts that come along first; those of the system for whatever they lack. */
const fontsConf = (folder: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, "fonts/fonts")}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, "fonts-cache")}</cachedir>
</fontconfig>
`;

/** The package unpacks into the temporary folder of its process and takes half a file for a whole one: hence our own. */
const unpack = async (folder: string): Promise<void> => {
  mkdirSync(BUILD, { recursive: true });
  const scratch = mkdtempSync(join(BUILD, "unpacking-"));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = scratch;
  try {
    const { default: packed, inflate } = await import("@sparticuz/chromium");
    await packed.executablePath();
    await inflate(join(PACKAGE, "bin/al2023.tar.br"));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  try {
    renameSync(scratch, folder);
  } catch (error) {
    // Another run was first.
    if (!existsSync(join(folder, "chromium"))) throw error;
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** Starts it; `CHROMIUM` names another one where the package has none for this system. */
export const launchChromium = async (): Promise<Browser> => {
  const given = process.env.CHROMIUM;
  if (given !== undefined) return chromium.launch({ executablePath: given, args: ARGS });
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("the packaged Chromium is for Linux on x64; CHROMIUM=<path of a Chromium> takes another");
  }
  const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as { version: string };
  const folder = join(BUILD, `chromium-${version}`);
  if (!existsSync(join(folder, "chromium"))) await unpack(folder);
  writeFileSync(join(folder, "fonts/fonts.conf"), fontsConf(folder));
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    args: ARGS,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      LD_LIBRARY_PATH: join(folder, "al2023/lib"),
      FONTCONFIG_PATH: join(folder, "fonts"),
    },
  });
};
