/** What a Worker that takes alerts does at least: it parses them and answers. The measure for our own. */
export default {
  async fetch(request) {
    const body = await request.json();
    return Response.json({ received: body.alerts?.length ?? 0 });
  },
};
