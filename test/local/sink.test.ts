import { afterEach, describe, expect, test } from "vitest";
import { describe as describeNotification, type Sink, startSink } from "../../src/local/sink.ts";

const lines: string[] = [];
let sink: Sink | null = null;
const open = async (): Promise<Sink> => {
  sink = await startSink(0, (line) => lines.push(line));
  if (sink === null) throw new Error("no port is free");
  return sink;
};
afterEach(async () => {
  lines.length = 0;
  await sink?.close();
});

const notification = {
  status: "firing",
  severity: "critical",
  alerts: [
    { status: "firing", name: "HighCPU", labels: { alertname: "HighCPU", severity: "critical", instance: "a" } },
    { status: "firing", name: "HighCPU", labels: { alertname: "HighCPU", instance: "b" } },
  ],
};
const noon = new Date(2026, 0, 1, 12, 0, 0);

describe("the local sink", () => {
  test.each([
    ["a group", notification, "12:00:00 critical firing   HighCPU instance=a and 1 more"],
    ["a body that is none of ours", { text: "hello" }, '12:00:00          {"text":"hello"}'],
    ["a body that is no JSON", "hello", '12:00:00          "hello"'],
    [
      "an alert that would clear the terminal",
      { alerts: [{ status: "firing", name: "\u001b[2J", labels: {} }] },
      "12:00:00          firing    [2J",
    ],
  ])("prints one line for %s", (_, body, line) => {
    expect(describeNotification(noon, body)).toBe(line);
  });

  test("answers, prints, and keeps the last notifications, newest first", async () => {
    const { url } = await open();
    for (const n of [1, 2]) {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "x-notification-id": `id-${n}` },
        body: JSON.stringify({ ...notification, n }),
      });
      expect(answer.status).toBe(204);
    }
    expect(lines).toHaveLength(2);
    const shown = (await (await fetch(url)).json()) as { received: number; notifications: { id: string }[] };
    expect(shown.received).toBe(2);
    expect(shown.notifications.map(({ id }) => id)).toEqual(["id-2", "id-1"]);
  });

  test("a port in use is no error but an answer", async () => {
    const { port } = await open();
    expect(await startSink(port, () => {})).toBeNull();
  });
});
