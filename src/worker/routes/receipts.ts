/** Follows a receipt: `GET /api/v1/receipts/{id}`. The id begins with its time, so finding its events needs no index of its own. */
import { createRoute, z } from "@hono/zod-openapi";
import { deliveriesOf, walkEvents } from "../db/history.ts";
import { routes, scoped } from "../http.ts";
import { refuse } from "../problem.ts";
import { receiptTime } from "../receipt-id.ts";
import { DeliverySchema, EventSchema } from "../schemas.ts";
import { allShards, shardOf } from "../shards.ts";
import { showDelivery, showEvent, time } from "../views.ts";
import { EVERYTHING } from "./history-query.ts";

const Receipt = z.object({
  receipt_id: z.string(),
  received_at: z.string(),
  /** `processing` while a shard still waits for a confirmation; `no_transitions`: all duplicates, or never given out. */
  state: z.enum(["processing", "stored", "no_transitions"]),
  events: z.array(EventSchema.extend({ deliveries: z.array(DeliverySchema) })),
});

/** Shards commit after the id was made: within the time a request may take. */
const COMMIT_WITHIN_MS = 60_000;

export const receiptRoutes = routes().openapi(
  createRoute({
    method: "get",
    path: "/api/v1/receipts/{id}",
    summary: "What became of one accepted request",
    ...scoped("read"),
    request: { params: z.object({ id: z.uuid() }) },
    responses: {
      200: { description: "Its events with deliveries", content: { "application/json": { schema: Receipt } } },
      404: { description: "Not a receipt of ours" },
    },
  }),
  async (c) => {
    const { id } = c.req.valid("param");
    const at = receiptTime(id);
    if (at === null) return refuse(c, "not-found", "this is no receipt of ours");
    const filter = { ...EVERYTHING, fromMs: at, toMs: at + COMMIT_WITHIN_MS, equal: new Map([["receipt_id", [id]]]) };
    const [{ rows }, waiting] = await Promise.all([
      walkEvents(c.env.DB, filter, { limit: 1000, after: null, descending: true }, Date.now()),
      Promise.all(allShards(c.env).map((name) => shardOf(c.env, name).holdsReceipt(id))),
    ]);
    const deliveries = await deliveriesOf(c.env.DB, rows);
    const processing = waiting.some((held) => held);
    return c.json(
      {
        receipt_id: id,
        received_at: time(at),
        state: processing
          ? ("processing" as const)
          : rows.length > 0
            ? ("stored" as const)
            : ("no_transitions" as const),
        events: rows.map((row) => {
          const own = deliveries.get(`${row.fingerprint}:${row.seq}`) ?? [];
          return { ...showEvent(row, own), deliveries: own.map(showDelivery) };
        }),
      },
      200,
    );
  },
);
