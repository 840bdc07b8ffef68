/**
 * What targets must hear, worked out a second time and as simply as can be: from the whole script at once, without
 * dedup, objects, timers or trees. It shares no code with the product.
 */

export interface Who {
  readonly instance: string;
  readonly team: string;
  /** `source` inhibits, `target` is inhibited, `both` does and is, `plain` neither. */
  readonly kind: "source" | "target" | "both" | "plain";
}

export interface Report {
  readonly at: number;
  readonly who: Who;
  readonly firing: boolean;
}

export interface Script {
  /** In order of time. */
  readonly reports: readonly Report[];
  readonly silences: readonly { readonly instance: string; readonly from: number; readonly to: number }[];
  /** Nothing happens after this. */
  readonly end: number;
}

export interface Listener {
  readonly name: string;
  readonly per: "alert" | "group";
  readonly sendResolved: boolean;
}

const WAIT = 30;
const INTERVAL = 300;
const REPEAT = 2 * 3600;
/** What is held back without a group is looked at again so often. */
const LOOK = 60;

/** Changes of state only: a report that says the same again is none. */
const changesOf = (reports: readonly Report[]): readonly Report[] => {
  const last = new Map<string, boolean>();
  return reports.filter(({ who, firing }) => {
    const isChange = (last.get(who.instance) ?? false) !== firing;
    last.set(who.instance, firing);
    return isChange;
  });
};

/** What is true of the world at a moment; a report at that very moment has not been heard yet. */
const at = ({ silences }: Script, changes: readonly Report[], moment: number) => {
  const firing = (who: Who): boolean =>
    changes.findLast((change) => change.at < moment && change.who.instance === who.instance)?.firing ?? false;
  const isSource = ({ kind }: Who): boolean => kind === "source" || kind === "both";
  const isTarget = ({ kind }: Who): boolean => kind === "target" || kind === "both";
  const everybody = [...new Map(changes.map(({ who }) => [who.instance, who])).values()];
  const silenced = (who: Who): boolean =>
    silences.some(({ instance, from, to }) => instance === who.instance && from <= moment && moment < to);
  const inhibited = (who: Who, except: string): boolean =>
    isTarget(who) &&
    everybody.some(
      (other) =>
        other.team === who.team &&
        other.instance !== except &&
        isSource(other) &&
        firing(other) &&
        // Two that are both on both sides leave each other alone.
        !(isSource(who) && isTarget(other)),
    );
  return { firing, held: (who: Who) => silenced(who) || inhibited(who, who.instance) };
};

const line = (when: number, target: string, reason: string, firing: string[], resolved: string[]): string =>
  `${when}s ${target} ${reason} +[${firing.toSorted().join(" ")}] -[${resolved.toSorted().join(" ")}]`;

/** One group per team: its flushes, and at each what is new to each listener. */
const hearGroup = (script: Script, changes: readonly Report[], listeners: readonly Listener[]): string[] => {
  const heard: string[] = [];
  const known = new Map<string, { firing: Set<string>; at: number }>();
  let seen = Number.NEGATIVE_INFINITY;
  let next = 0;
  const first = (): number =>
    changes.find((change) => change.firing && change.at >= seen)?.at ?? Number.POSITIVE_INFINITY;
  for (next = first() + WAIT; next <= script.end; ) {
    const now = next;
    const world = at(script, changes, now);
    const involved = [...new Map(changes.filter((c) => c.at < now).map(({ who }) => [who.instance, who])).values()];
    const firing = involved.filter((who) => world.firing(who));
    const ended = involved.filter(
      (who) =>
        !world.firing(who) && (changes.findLast((c) => c.at < now && c.who.instance === who.instance)?.at ?? 0) >= seen,
    );
    for (const listener of listeners) hearFlush(listener, world, now, firing, ended, known, heard);
    seen = now;
    next = firing.length > 0 ? now + INTERVAL : first() + WAIT;
    if (firing.length === 0) known.clear();
  }
  return heard;
};

const hearFlush = (
  { name, per, sendResolved }: Listener,
  world: ReturnType<typeof at>,
  now: number,
  firing: readonly Who[],
  ended: readonly Who[],
  known: Map<string, { firing: Set<string>; at: number }>,
  heard: string[],
): void => {
  const told = known.get(name)?.firing ?? new Set<string>();
  const shown = firing.filter((who) => !world.held(who)).map((who) => who.instance);
  const hidden = firing.filter((who) => world.held(who) && told.has(who.instance)).map((who) => who.instance);
  const over = ended.map((who) => who.instance);
  const isNew = shown.filter((instance) => !told.has(instance));
  const isOver = over.filter((instance) => told.has(instance));
  const nothingLeft = shown.length + hidden.length === 0;
  const reason =
    told.size === 0
      ? shown.length > 0
        ? "firstNotification"
        : null
      : isNew.length > 0
        ? "newAlerts"
        : nothingLeft
          ? isOver.length > 0
            ? "allResolved"
            : null
          : isOver.length > 0 && sendResolved
            ? "someResolved"
            : shown.length > 0 && now - (known.get(name)?.at ?? now) >= REPEAT
              ? "repeatIntervalElapsed"
              : null;
  if (reason === null) return;
  known.set(name, { firing: new Set([...shown, ...hidden]), at: now });
  if (reason === "allResolved" && !sendResolved) return;
  if (per === "group") heard.push(line(now, name, reason, shown, sendResolved ? over : []));
  else {
    if (reason === "repeatIntervalElapsed")
      for (const instance of shown) heard.push(line(now, name, reason, [instance], []));
    for (const instance of isNew) heard.push(line(now, name, "firstNotification", [instance], []));
    if (sendResolved) for (const instance of isOver) heard.push(line(now, name, "allResolved", [], [instance]));
  }
};

/** Routes that group by team. */
export const hearGrouped = (script: Script, listeners: readonly Listener[]): string[] => {
  const changes = changesOf(script.reports);
  return ["x", "y"].flatMap((team) =>
    hearGroup(
      script,
      changes.filter(({ who }) => who.team === team),
      listeners,
    ),
  );
};

/** Routes that do not group: each change at once, unless it is held back; then it is looked at every minute. */
export const hearDirect = (script: Script, listeners: readonly Listener[]): string[] => {
  const changes = changesOf(script.reports);
  return changes
    .filter(({ firing }) => firing)
    .flatMap(({ at: begin, who }) => {
      const end =
        changes.find((c) => !c.firing && c.at > begin && c.who.instance === who.instance)?.at ??
        Number.POSITIVE_INFINITY;
      let told = begin;
      // At its own beginning it is heard already.
      while (told <= Math.min(end, script.end) && at(script, changes, told === begin ? told + 0.5 : told).held(who))
        told += LOOK;
      if (told > Math.min(end, script.end)) return [];
      return listeners.flatMap(({ name, sendResolved }) => [
        line(told, name, "firstNotification", [who.instance], []),
        ...(sendResolved && end <= script.end ? [line(end, name, "allResolved", [], [who.instance])] : []),
      ]);
    });
};
