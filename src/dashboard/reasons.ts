/** The reasons of a trace in words that need no manual; what is not listed here is shown as it is. */
const REASONS: Readonly<Record<string, string>> = {
  // dedup
  new: "first time it is heard of",
  updated: "its texts changed",
  reopened: "fires again after it had resolved",
  resolved: "it is over",
  duplicate: "the same as before",
  // classify
  llm: "a model answered",
  cache: "answer remembered from before",
  fallback: "the rules answered",
  off: "classification is off",
  // group and notify
  joined: "waits in its group for the next message",
  forwarded: "an Alertmanager grouped it already",
  firstNotification: "first message about it",
  newAlerts: "its group has new alerts",
  someResolved: "some of its group resolved",
  allResolved: "all of its group resolved",
  startedFlapping: "it began to flap",
  stoppedFlapping: "it stopped flapping: this is where it ended",
  repeatIntervalElapsed: "reminder: it still fires",
  never_fired: "its beginning was never told here, so its end is not either",
  metrics_only: "nobody is told at the moment: no target is enabled",
  target_disabled: "the target is switched off",
  send_resolved_off: "the target does not want to hear of ends",
  held_until_settled: "it flaps: told when it settles",
  // filter
  no_rule: "no rule speaks against it",
  own_severity: "the target does not want this severity",
  own_namespace: "the target does not want this namespace",
  own_name: "the target does not want alerts of this name",
  exclude_noise: "the target does not want noise",
  filter_error: "a filter failed, so it was let through",
  suppression_guard: "the model wanted to hide it, and may not",
  would_deny: "a rule would keep it back in mode enriched",
  would_delay: "a rule would delay it in mode enriched",
  // deliver
  timeout: "no answer in time",
  dns: "its name could not be resolved",
  tls: "the secure connection failed",
  refused: "the connection was refused",
  rate_limited: "it asked us to slow down",
  server_error: "the other side failed",
  auth: "it does not accept our credentials",
  client_error: "it refused the request",
  rejected: "it refused the message",
  payload: "no message could be made for it",
  blocked_host: "its address is not allowed",
  unreadable: "no key opens its definition; it waits for one that does",
  superseded: "a newer message about the same took its place",
  not_opened: "the target had never been told of the beginning",
  target_gone: "the target does not exist any more",
  // routes
  matched: "matched, taken",
  matcher: "one of its conditions does not hold",
  passed_on: "matched, a route below it is taken",
  no_classification: "asks for a classification, and none counts",
  low_confidence: "the classification is less sure than it wants",
  parent: "the route above it was not reached",
  sibling: "a route before it is taken and does not continue",
};

/** `stage: reason` or a reason alone, in words. */
export const reasonText = (reason: string): string => {
  const known = REASONS[reason];
  if (known !== undefined) return known;
  const [, stage, rest] = /^([a-z]+): (.+)$/s.exec(reason) ?? [];
  if (stage !== undefined && rest !== undefined) return `${stage}: ${REASONS[rest] ?? rest}`;
  // The place in the tree is for machines; the receiver before it says enough.
  const place = reason.indexOf(" ({");
  return (place < 0 ? reason : reason.slice(0, place)).replaceAll("_", " ");
};
