/**
 * The registry of targets: a small snapshot, a few writes a minute, no alarm. An itty-durable class, reached only
 * through the facade `registry(env)` in ../registry.ts. Values arrive encrypted; mutators are synchronous up to the
 * awaited persist(), because the library saves all fields as one value.
 */
import { createDurable } from "itty-durable";

export interface StoredTarget {
  readonly name: string;
  /** Encrypted wire form of the whole definition; see ../seal.ts. */
  readonly sealed: string;
  /** Where it was defined: `static`, or the name of a cluster. */
  readonly origin: string;
  readonly updatedAt: number;
}

interface RegistryBase {
  persist(): Promise<void>;
}

const Base = createDurable({ autoPersist: false, autoReturn: false }) as unknown as new (
  state: DurableObjectState,
  env: unknown,
) => RegistryBase;

export class TargetRegistry extends Base {
  targets: Record<string, StoredTarget> = {};
  version = 0;

  list(): { version: number; targets: StoredTarget[] } {
    return { version: this.version, targets: Object.values(this.targets) };
  }

  async put(target: StoredTarget): Promise<{ version: number; replaced: boolean }> {
    const replaced = Object.hasOwn(this.targets, target.name);
    this.targets = { ...this.targets, [target.name]: target };
    this.version += 1;
    await this.persist();
    return { version: this.version, replaced };
  }

  async remove(name: string): Promise<{ version: number; removed: boolean }> {
    const removed = Object.hasOwn(this.targets, name);
    if (removed) {
      this.targets = Object.fromEntries(Object.entries(this.targets).filter(([key]) => key !== name));
      this.version += 1;
      await this.persist();
    }
    return { version: this.version, removed };
  }
}
