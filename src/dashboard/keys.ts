/** Keys: every action has one; letters can be switched off, and none acts while somebody types. */
import { useEffect, useRef } from "preact/hooks";
import { letterKeys } from "./settings.ts";

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** After `g` the next letter names a page, if it comes in time. */
const CHORD_MS = 1_500;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);

/** What has the focus would itself react to these. */
const isOwn = (event: KeyboardEvent): boolean =>
  (event.key === "Enter" || event.key === " ") &&
  event.target instanceof HTMLElement &&
  event.target.closest("a, button, summary, [role=tab]") !== null;

const layers: { readonly current: KeyMap }[] = [];
let chordUntil = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) && event.key !== "Escape") return;
  if (isOwn(event)) return;
  const isLetter = event.key.length === 1;
  if (isLetter && letterKeys.value === "off") return;
  const chord = Date.now() < chordUntil;
  chordUntil = !chord && event.key === "g" ? Date.now() + CHORD_MS : 0;
  const name = chord ? `g ${event.key}` : event.key;
  for (const layer of layers.toReversed()) {
    const act = layer.current[name];
    if (act === undefined) continue;
    event.preventDefault();
    act(event);
    return;
  }
});

/** Adds keys while the component is shown; the one shown last comes first. */
export const useKeys = (map: KeyMap): void => {
  const layer = useRef(map);
  layer.current = map;
  useEffect(() => {
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, []);
};

export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ["/", "filter"],
  ["j  k", "next, previous row"],
  ["Enter", "open the row"],
  ["x", "choose the row"],
  ["Esc", "close"],
  ["s", "silence the alert"],
  ["r", "replay or send again"],
  ["y", "copy the link"],
  ["t", "time range"],
  ["u", "local time or UTC"],
  [".", "light or dark"],
  ["Space", "pause, go on"],
  ["g o", "Overview"],
  ["g a", "Alerts"],
  ["g i", "Incidents"],
  ["g t", "Targets"],
  ["g d", "Deliveries"],
  ["g x", "Dead letters"],
  ["g c", "Classification"],
  ["g r", "Routing"],
  ["g s", "Silences"],
  ["g e", "Settings"],
  ["?", "this help"],
];
