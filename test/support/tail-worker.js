/** Keeps what the runtime tells of the Worker beside it: its invocations and spans. Asked by HTTP, it answers all of it. */
const told = [];
const keep = ({ spanContext, event }) => void told.push({ parent: spanContext?.spanId ?? null, event });

export default {
  tailStream(onset) {
    keep(onset);
    return keep;
  },
  // Some numbers of the runtime are larger than JSON has.
  fetch: () => new Response(JSON.stringify(told, (_, value) => (typeof value === "bigint" ? String(value) : value))),
};
