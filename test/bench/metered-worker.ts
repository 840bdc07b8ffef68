/** The Worker as it is, with a meter around it; `/__meter` answers the counts and begins again. */
import type { Bindings } from "../../src/worker/env.ts";
import worker, * as classes from "../../src/worker/index.ts";
import { countMessages, countWorkerRequest, meterEnv, meterObject, takeCounts } from "./meter.ts";

export const AlertShard = meterObject(classes.AlertShard);
export const AlertGroup = meterObject(classes.AlertGroup);
export const TargetObject = meterObject(classes.TargetObject);
export const LiveFeed = meterObject(classes.LiveFeed);
export const MetricsHub = meterObject(classes.MetricsHub);
// Its calls come as requests, which its base class takes.
export const TargetRegistry = meterObject(classes.TargetRegistry);

export default {
  fetch(request: Request<unknown, IncomingRequestCfProperties>, env: Bindings, ctx: ExecutionContext) {
    if (new URL(request.url).pathname === "/__meter") return Response.json(takeCounts());
    meterEnv(env);
    countWorkerRequest();
    return worker.fetch(request, env, ctx);
  },
  queue(batch: MessageBatch, env: Bindings, ctx: ExecutionContext) {
    meterEnv(env);
    countWorkerRequest();
    countMessages(batch);
    return worker.queue(batch, env, ctx);
  },
  scheduled(controller: ScheduledController, env: Bindings) {
    meterEnv(env);
    countWorkerRequest();
    return worker.scheduled(controller, env);
  },
};
