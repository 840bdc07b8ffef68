/** What one request may hold. Everything is checked before or while it is read, so that no body can exhaust an isolate. */

/** Bytes of a body after decompression (contracts 1.2): about 1000 alerts of 10 KiB. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Alerts per request (contracts 1.3); Prometheus sends at most 256, Alertmanager a whole group. */
export const MAX_ALERTS_PER_REQUEST = 1000;
/** Levels of arrays and objects. Real bodies need 7; anything that later walks a body may then do so by recursion. */
export const MAX_JSON_DEPTH = 64;
/**
 * Values in one body, containers included: 200 for each of 1000 alerts, three times what large ones have. A value takes
 * up to some 100 bytes once parsed, so a full body stays around 20 MB of an isolate's 128 MB. Without this limit
 * 10 MiB of `[[],[],…` become millions of objects.
 */
export const MAX_JSON_VALUES = 200_000;

/** Labels of one alert; kube-state-metrics with many pod labels reaches 60. */
export const MAX_LABELS = 256;
/** Code points of a label name (contracts 3.2). */
export const MAX_LABEL_NAME_CHARACTERS = 255;
/** Code points of a label value (contracts 3.2). */
export const MAX_LABEL_VALUE_CHARACTERS = 4096;
/**
 * UTF-16 units of all names and values of a label set. A unit is at most 3 bytes of UTF-8, so labels and annotations
 * together stay below 1 MB, half of what a row of D1 or of a Durable Object may hold.
 */
export const MAX_LABEL_SET_UNITS = 64 * 1024;

/** Code points of an annotation value (contracts 3.2: 16 KiB); longer ones are cut, never a reason to reject. */
export const MAX_ANNOTATION_CHARACTERS = 16 * 1024;
/** Annotations of one alert; rules write fewer than 20. Further ones are dropped. */
export const MAX_ANNOTATIONS = 128;
/** UTF-16 units of all names and values of the annotations; see MAX_LABEL_SET_UNITS. Further ones are dropped. */
export const MAX_ANNOTATIONS_UNITS = 256 * 1024;
/** Code points of a sender's URL, group key and similar texts; a Prometheus URL carries a whole expression. */
export const MAX_TEXT_CHARACTERS = 16 * 1024;
/** Code points of a sender's own fingerprint: room for any hash in hexadecimal. */
export const MAX_FINGERPRINT_CHARACTERS = 128;

/**
 * How far ahead of ours a sender's clock may be, in milliseconds. A start further ahead is no start: kept, it would
 * make every later resolve look older than the alert, and the resolve would be dropped as late news.
 */
export const MAX_CLOCK_SKEW_MS = 10 * 60 * 1000;

/** Code points of the body that an error may repeat; enough to recognise the place, too few to leak a secret. */
export const MAX_ECHO_CHARACTERS = 20;
