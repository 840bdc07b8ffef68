/** Names of targets that a document uses and nobody has defined yet: no defect, since Secrets bring targets later. */
import type { ReadConfig } from "../config.ts";
import type { RouteNode } from "../routing.ts";
import { chooseTargets, isChoice, labelsOfChoice } from "../target-choice.ts";
import type { ConfigDefect } from "./node.ts";

/** A warning for each; `known` are the targets that exist beside those the document defines. */
export const unknownTargets = (read: ReadConfig, known: Iterable<string>): readonly ConfigDefect[] => {
  const names = [...new Set([...known, ...read.targets.map(({ name }) => name)])];
  const isKnown = (name: string): boolean => names.includes(name);
  // A receiver none of whose integrations is served has been named already.
  const isWarnedOf = (path: string): boolean => read.warnings.some((warning) => warning.path === path);
  const found: ConfigDefect[] = [];
  const warn = (path: string, message: string): void => void found.push({ path, message, ...read.locate(path) });
  read.config.receivers.forEach(({ targets, isBare }, i) => {
    if (targets === "all" || isBare === true) return;
    for (const entry of targets) {
      if (isKnown(entry) || labelsOfChoice(entry).length > 0 || isWarnedOf(`/receivers/${i}`)) continue;
      if (!isChoice(entry)) warn(`/receivers/${i}`, `there is no target ${entry} yet`);
      else if (chooseTargets(entry, {}, names).length === 0)
        warn(`/receivers/${i}`, `no target is called ${entry} yet`);
    }
  });
  const visit = ({ path, fallback, routes }: RouteNode): void => {
    if (fallback !== null && !isKnown(fallback)) warn(`${path}/fallback`, `there is no target ${fallback} yet`);
    routes.forEach(visit);
  };
  visit(read.config.route);
  read.config.filters.forEach(({ targetName }, i) => {
    if (targetName !== null && !isKnown(targetName))
      warn(`/filters/${i}/target_name`, `there is no target ${targetName} yet`);
  });
  return found;
};
