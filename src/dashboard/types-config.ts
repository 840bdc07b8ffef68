/** Answers of the routing and configuration API as the pages read them. */
import type { EventView, TraceStepView } from "../worker/schemas.ts";

/** `/api/v1/routes`. */
export interface RouteView {
  readonly id: string;
  readonly matchers: readonly string[];
  readonly receiver: string;
  readonly targets: "all" | readonly string[];
  readonly group_by: readonly string[];
  readonly group_wait_ms: number;
  readonly group_interval_ms: number;
  readonly repeat_interval_ms: number;
  readonly mute_time_intervals: readonly string[];
  readonly active_time_intervals: readonly string[];
}

/** `/api/v1/explain`. */
export interface Explanation {
  readonly fingerprint: string;
  readonly severity: string;
  readonly config_version: number | null;
  readonly classification: EventView["classification"];
  readonly trace: readonly TraceStepView[];
  readonly targets: readonly { readonly target: string; readonly told: string; readonly reason: string }[];
  readonly routes: readonly {
    readonly id: string;
    readonly receiver: string;
    readonly reason: string;
    readonly matcher: string | null;
    readonly actual: string | null;
  }[];
}

/** `/api/v1/config`, `/api/v1/config/versions`. */
export interface VersionView {
  readonly version: number;
  readonly created_at: string;
  readonly created_by: string;
  readonly note: string;
}
export interface DocumentView extends VersionView {
  readonly document: string;
}

/** Answer of a document put in force, or tried. */
export interface Applied {
  readonly version: number;
  readonly dry_run: boolean;
  readonly warnings: readonly { readonly path: string; readonly line: number; readonly message: string }[];
  readonly diff: readonly { readonly change: "same" | "added" | "removed"; readonly text: string }[];
}
