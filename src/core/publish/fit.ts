/**
 * Makes a body of alerts fit a byte limit: annotation values are shortened first, then alerts are left out and counted,
 * and only for the last one label values are shortened (targets.md 1.4): labels are what receivers identify alerts by.
 */
import type { Labels } from "../alert/alert.ts";
import type { NotificationAlert } from "./notification.ts";
import { cut, utf8Bytes, withoutControls } from "./text.ts";

/** Annotation values are cut to these lengths one after the other. */
const ANNOTATION_LIMITS = [Number.POSITIVE_INFINITY, 2000, 500, 100] as const;
const LABEL_LIMITS = [1000, 100] as const;
/** The last resort keeps this many labels and annotations of an alert that alone is larger than the limit. */
const MAX_NAMES = 50;

/** Every value without control characters, at most `limit` UTF-16 units, at most `names` of them. */
export const cleanValues = (values: Labels, limit: number, names = Number.POSITIVE_INFINITY): Labels =>
  Object.fromEntries(
    Object.entries(values)
      .slice(0, names)
      .map(([name, value]) => [withoutControls(name), cut(withoutControls(value), limit)]),
  );

const shorten = (alerts: readonly NotificationAlert[], annotations: number): readonly NotificationAlert[] =>
  alerts.map((alert) => ({
    ...alert,
    labels: cleanValues(alert.labels, Number.POSITIVE_INFINITY),
    annotations: cleanValues(alert.annotations, annotations),
  }));

const squeeze = (alert: NotificationAlert, limit: number): NotificationAlert => ({
  ...alert,
  generatorURL: alert.generatorURL.length > limit ? "" : alert.generatorURL,
  labels: cleanValues(alert.labels, limit, MAX_NAMES),
  annotations: cleanValues(alert.annotations, 100, MAX_NAMES),
});

/** No more than the bytes an alert takes once its annotations are cut, control characters aside; needs no JSON. */
const leastSize = ({ labels, annotations }: NotificationAlert, limit: number): number =>
  Object.values(labels).reduce((sum, value) => sum + value.length, 0) +
  Object.values(annotations).reduce((sum, value) => sum + Math.min(value.length, limit), 0);

/** How many of the alerts, from the first on, could fit at all. */
const atMost = (alerts: readonly NotificationAlert[], limit: number, maxBytes: number): number => {
  let size = 0;
  const end = alerts.findIndex((alert) => {
    size += leastSize(alert, limit);
    return size > maxBytes;
  });
  return end < 0 ? alerts.length : end;
};

/** The largest number of alerts from 1 up whose body fits; 1 when none does. */
const mostThatFit = (count: number, fits: (count: number) => boolean): number => {
  let [least, most] = [1, Math.max(1, count)];
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    if (fits(middle)) least = middle;
    else most = middle - 1;
  }
  return least;
};

/**
 * The JSON text of `build` within `maxBytes`. `build` gets the alerts to show, how many of the given ones are left out,
 * and a function that shortens other maps of the body as the alerts were shortened.
 */
export const fitAlerts = (
  alerts: readonly NotificationAlert[],
  maxBytes: number,
  build: (shown: readonly NotificationAlert[], leftOut: number, clean: (values: Labels) => Labels) => unknown,
): string => {
  const text = (shown: readonly NotificationAlert[], limit: number, names?: number): string =>
    JSON.stringify(build(shown, alerts.length - shown.length, (values) => cleanValues(values, limit, names)));
  const fits = (body: string): boolean => body.length <= maxBytes && utf8Bytes(body) <= maxBytes;
  for (const limit of ANNOTATION_LIMITS) {
    if (atMost(alerts, limit, maxBytes) < alerts.length) continue;
    const body = text(shorten(alerts, limit), limit);
    if (fits(body)) return body;
  }
  const short = shorten(alerts.slice(0, Math.max(1, atMost(alerts, 100, maxBytes))), 100);
  const count = mostThatFit(short.length, (some) => fits(text(short.slice(0, some), 1000)));
  const body = text(short.slice(0, count), 1000);
  if (fits(body)) return body;
  const [wide, narrow] = LABEL_LIMITS.map((limit) =>
    text(
      short.slice(0, 1).map((alert) => squeeze(alert, limit)),
      limit,
      MAX_NAMES,
    ),
  );
  return wide !== undefined && fits(wide) ? wide : (narrow ?? body);
};
