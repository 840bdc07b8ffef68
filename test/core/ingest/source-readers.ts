import { genericList } from "../../../src/core/ingest/generic.ts";
import { isObject } from "../../../src/core/ingest/json.ts";
import { normalise } from "../../../src/core/ingest/normalise.ts";
import type { Readers } from "../../../src/core/ingest/source-apply.ts";
import { err, ok } from "../../../src/core/result.ts";

/** Reads bodies that are lists of generic alerts, and normalises as a request that arrives at `now` would. */
export const readersAt = (now: number): Readers => ({
  detect: (body) => {
    if (!Array.isArray(body)) return err({ path: "", message: "not a list" });
    const envelope = genericList.open(body);
    const [section] = envelope.sections;
    return ok(
      section.entries.map((entry, position) => {
        const path = section.pathOf(position);
        return { path, read: () => genericList.read(isObject(entry) ? entry : {}, path, section, envelope) };
      }),
    );
  },
  normalise: (draft, path) => normalise(draft, path, { now, timeoutSeconds: 0 }),
});
