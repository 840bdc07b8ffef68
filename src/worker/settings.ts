/** What the configuration document says, as the hot paths need it. */
import type { Labels } from "../core/alert/alert.ts";
import type { Bindings } from "./env.ts";

export interface LabelRules {
  readonly dropLabels?: readonly string[];
  readonly addLabels?: Labels;
}

/** The label rules of a source; none without a source. */
export const labelRules = async (_env: Bindings, _source: string | null): Promise<LabelRules> => ({});
