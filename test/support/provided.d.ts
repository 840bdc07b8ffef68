/** What test/vitest.config.ts hands into the runtime, where no environment variable is seen. */
import "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Random histories per kind of receiver. */
    readonly histories: number;
  }
}
