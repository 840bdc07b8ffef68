/** Where an alert is, the widest place first, in the words of those who run it: `eu-west · checkout · checkout-api-1`. */

/** Of labels that say the same in different worlds the first counts. */
const PLACES = [
  ["cluster", "datacenter", "region"],
  ["namespace"],
  ["service", "job"],
  ["pod", "instance", "node", "host"],
  ["heartbeat"],
];

type Labels = Readonly<Record<string, string>>;

const found = (labels: Labels): (readonly [name: string, value: string])[] =>
  PLACES.flatMap((names) => {
    const name = names.find((one) => Object.hasOwn(labels, one) && labels[one] !== "");
    return name === undefined ? [] : [[name, labels[name] ?? ""] as const];
  });

/** In one line; a service whose name its instance repeats is told once. */
export const placeOf = (labels: Labels): string => {
  const places = found(labels);
  return places
    .filter(([name, value], i) => name === "namespace" || places[i + 1]?.[1].startsWith(`${value}-`) !== true)
    .map(([, value]) => value)
    .join(" · ");
};

/** The same with the names of the labels, for whoever asks. */
export const placeWithNames = (labels: Labels): string =>
  found(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join("  ");
