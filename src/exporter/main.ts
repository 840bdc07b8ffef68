/** Serves the publishing targets of one cluster, or of a directory of manifests. All it needs is in the environment. */
import { readConfig } from "./config.ts";
import { startExporter } from "./exporter.ts";
import { createLog, errorCode } from "./log.ts";

const write = (line: string): void => void process.stdout.write(line);
const config = readConfig(process.env);
const log = createLog(config.ok ? config.value.logLevel : "info", write, () => Date.now());

if (config.ok) {
  try {
    const exporter = await startExporter(config.value, log);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => void exporter.drain().then(() => process.exit(0)));
    }
  } catch (error) {
    log("error", "cannot start", { code: errorCode(error) });
    process.exitCode = 1;
  }
} else {
  for (const error of config.error) log("error", "the configuration is wrong", { error });
  process.exitCode = 2;
}
