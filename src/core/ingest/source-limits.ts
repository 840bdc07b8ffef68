/**
 * What a user-written source may cost. It cannot loop, call code or read a clock (which stands still on Workers
 * while a request computes), so time is bounded by counting steps, not by measuring it.
 */

/** A company has tens of senders; the document is read on every change of the configuration. */
export const MAX_SOURCES = 100;
/** Labels, annotations and copied blocks of one source's map; a sender has a dozen things worth keeping. */
export const MAX_EXPRESSIONS = 100;
/** Relabel and validation rules of one source. */
export const MAX_RULES = 100;
/** Rules of all sources: compiling the worst regex takes some 4 ms, so the worst document seconds, not minutes. */
export const MAX_RULES_IN_ALL = 1_000;
/** Code points of a JSON Pointer or JSONPath. */
export const MAX_PATH_LENGTH = 500;
/** Code units of a template: some ten lines. */
export const MAX_TEMPLATE_LENGTH = 2_000;
/** Code units of one label or annotation on its way through a source; annotations end there anyway (contracts 3.2). */
export const MAX_TEXT_LENGTH = 16_384;
/** Visits of one JSONPath: `$..name` visits each of the 200 000 values a body may hold twice. */
export const MAX_NODES = 500_000;
/** What one template may read and build, in characters and list elements. */
export const MAX_TEMPLATE_STEPS = 200_000;
/** Code units of JSON that was a text inside the body; an SNS message has at most 256 KiB. */
export const MAX_PARSED_LENGTH = 262_144;
/**
 * Steps of one body, everything counted. A step takes some 50 ns, so these are one to three seconds; 1 000 alerts with
 * 25 templates and 20 rules need a third of them.
 */
export const MAX_STEPS = 30_000_000;
/** Steps of visiting one member of a list or an object. */
export const MEMBER_STEPS = 4;

/** Steps left for one body, shared by everything its source does. */
export interface Budget {
  /** Takes `steps` (below 1 counts as 1); false once there are none left, and for ever after. */
  readonly spend: (steps: number) => boolean;
  readonly isSpent: () => boolean;
}

export const createBudget = (steps: number = MAX_STEPS): Budget => {
  let left = steps;
  return {
    spend: (wanted) => {
      left -= Math.max(1, wanted);
      return left >= 0;
    },
    isSpent: () => left < 0,
  };
};

export const STEPS_SPENT = "the source needs more steps than one body may take";
