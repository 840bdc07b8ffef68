/** What is decided of one event, as data: who is told at once, which groups it joins, which storm may take it. */
import type { Labels } from "../alert/alert.ts";
import type { Severity } from "../alert/severity.ts";
import type { Classification } from "../classify/classification.ts";
import type { Inhibitor } from "../filter/inhibition.ts";
import type { Timing } from "../group/group.ts";
import type { TraceStep } from "../history/trace.ts";
import type { Notification } from "../publish/notification.ts";
import type { Fallback } from "./context.ts";
import type { TellableAlert } from "./notify.ts";

export interface GroupMember extends TellableAlert {
  readonly seq: number;
  readonly receivedAt: number;
  /** Its changes are held back until then; null: it does not flap. Absent in members stored before there was such. */
  readonly flappingUntil?: number | null;
  /** What came with it in one request and inhibits it; absent: nothing. */
  readonly inhibitors?: readonly Inhibitor[];
}

/** An alert joins a group, whose own timer decides when its targets hear of it. */
export interface GroupJoin {
  readonly subject: string;
  readonly key: string;
  readonly labels: Labels;
  readonly routeId: string;
  readonly receiver: string;
  readonly routeLabels: Labels;
  readonly targets: readonly string[];
  readonly timing: Timing;
  readonly fallback: Fallback | null;
  readonly member: GroupMember;
  /** Who was told of the beginning past this group, and waits for the end. */
  readonly told: readonly string[];
  /** What held it back from whom when it was parked, so that the first look there tells only what is new. */
  readonly holds?: string;
}

/** The alert begins to fire, and could be told together with a storm of others instead. */
export interface StormOffer {
  readonly join: GroupJoin;
  /** What is left out where the storm takes it: targets told at once, and the subject of a group it joins. */
  readonly instead: { readonly targets: readonly string[]; readonly group: string | null };
}

export interface Direct {
  readonly target: string;
  readonly fallback: Fallback | null;
  readonly notification: Notification;
}

export interface Decision {
  readonly severity: Severity;
  readonly classification: Classification | null;
  readonly mode: string;
  readonly configVersion: number | null;
  readonly trace: readonly TraceStep[];
  readonly notifications: readonly Direct[];
  readonly groups: readonly GroupJoin[];
  readonly storms: readonly StormOffer[];
}
