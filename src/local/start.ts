/**
 * `npm start`: the whole product on this machine. Migrations, secrets, the Worker, a sink as its first target, cron; then
 * it waits until it is told to stop, and leaves nothing running.
 */
import { greeting } from "./greeting.ts";
import { runUntilStopped } from "./run.ts";
import { startService } from "./service.ts";

await runUntilStopped(async (undo) => {
  const service = await startService(process.env, undo, { print: (line) => console.log(line) });
  console.log(greeting(service));
  return service;
});
