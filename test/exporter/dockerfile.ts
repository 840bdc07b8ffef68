/**
 * Carries out a Dockerfile without a container engine, in folders instead of layers: what it copies, runs and sets. It
 * knows the instructions ours uses and refuses any other; the base image is this machine's Node.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";

export interface Image {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
}

/** What the builder is given: everything but what `.dockerignore` leaves out; the last line that matches decides. */
const isInContext = (ignore: readonly string[], path: string): boolean =>
  ignore.reduce((isIn, line) => {
    const isBack = line.startsWith("!");
    const pattern = isBack ? line.slice(1) : line;
    return matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`) ? isBack : isIn;
  }, true);

const instructionsOf = (text: string): readonly (readonly [name: string, rest: string])[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)] as const);

/** Builds the last stage under `folder`; commands get `env` beside what the file sets. */
export const buildImage = (context: string, dockerfile: string, folder: string, env: Record<string, string>): Image => {
  const ignore = readFileSync(`${dockerfile}.dockerignore`, "utf8").trim().split("\n");
  const stages: Record<string, Image> = {};
  let image: Image | null = null;
  const current = (): Image => {
    if (image === null) throw new Error("the first instruction must be FROM");
    return image;
  };
  const copy = (from: string, sources: readonly string[], target: string, isStage: boolean): void => {
    for (const source of sources) {
      const origin = join(from, source);
      if (!existsSync(origin)) throw new Error(`COPY: ${source} does not exist`);
      const into = join(current().root, target.startsWith("/") ? "" : current().workdir, target);
      const isFolder = statSync(origin).isDirectory();
      if (isStage) cpSync(origin, into, { recursive: true });
      for (const file of isStage ? [] : isFolder ? globSync("**/*", { cwd: origin }) : [""]) {
        const path = join(source, file);
        if (!statSync(join(from, path)).isFile() || !isInContext(ignore, path)) continue;
        const to = isFolder
          ? join(into, file)
          : target.endsWith("/")
            ? join(into, source.split("/").at(-1) ?? "")
            : into;
        mkdirSync(dirname(to), { recursive: true });
        cpSync(join(from, path), to);
      }
    }
  };
  for (const [name, rest] of instructionsOf(readFileSync(dockerfile, "utf8"))) {
    const words = rest.split(/\s+/);
    if (name === "FROM") {
      const root = join(folder, `stage-${Object.keys(stages).length}`);
      image = { root, workdir: "/", env: {}, user: "root", command: [] };
      stages[words[2] ?? "last"] = image;
      mkdirSync(root);
    } else if (name === "WORKDIR") {
      image = { ...current(), workdir: rest };
      mkdirSync(join(current().root, rest), { recursive: true });
    } else if (name === "COPY") {
      const stage = /^--from=(.*)$/.exec(words[0] ?? "")?.[1];
      const paths = stage === undefined ? words : words.slice(1);
      copy(
        stage === undefined ? context : (stages[stage]?.root ?? ""),
        paths.slice(0, -1),
        paths.at(-1) ?? "",
        !!stage,
      );
    } else if (name === "RUN") {
      const { root, workdir, env: own } = current();
      execFileSync("sh", ["-c", rest], {
        cwd: join(root, workdir),
        env: { ...env, ...own } as unknown as NodeJS.ProcessEnv,
        stdio: "pipe",
      });
    } else if (name === "ENV")
      image = { ...current(), env: { ...current().env, ...Object.fromEntries([rest.split("=")]) } };
    else if (name === "USER") image = { ...current(), user: rest };
    else if (name === "CMD") image = { ...current(), command: JSON.parse(rest) as string[] };
    else if (name !== "EXPOSE") throw new Error(`unknown instruction ${name}`);
  }
  return current();
};
