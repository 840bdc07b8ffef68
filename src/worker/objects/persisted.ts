/** itty-durable's base class with the types it lacks: all fields are one value under the key `data`, saved by persist(). */
import { createDurable } from "itty-durable";
import type { Bindings } from "../env.ts";

interface Persisted {
  readonly state: DurableObjectState & { readonly env: Bindings };
  persist(): Promise<void>;
}

export const PersistedObject = createDurable({ autoPersist: false, autoReturn: false }) as unknown as new (
  state: DurableObjectState,
  env: unknown,
) => Persisted;
